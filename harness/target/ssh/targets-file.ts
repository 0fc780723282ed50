import { homedir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { nearest } from '../../../vms/kernels/catalogue.js'
import { UsageError, messageOf } from '../../fct-error.js'
import { configFolder } from '../../folders.js'
import { readYaml, readYamlText } from '../../scenario/read-yaml.js'
import { parseSshAddress } from './address.js'

/** How long a machine may take from power-on until it answers, if nobody says so. */
export const usualBootSeconds = 300

const path = z.string().min(1)
/** A program of this host and its arguments: no shell reads them. */
const command = z
  .array(z.string().regex(/^[^\0]*$/, 'no argument can have a NUL in it'), {
    error: 'a list: the program and its arguments, like [ipmitool, -H, bmc7, power, reset]',
  })
  .min(1, 'a command has a program at least')
  .refine(([program]) => program !== '', 'the program has no name')

const hooksSchema = z.strictObject({
  power: z
    .strictObject({ off: command.optional(), on: command.optional(), cycle: command.optional() })
    .refine(
      ({ off, on, cycle }) => cycle !== undefined || (off !== undefined && on !== undefined),
      'either cycle, or off and on',
    )
    .optional(),
  reset: command.optional(),
  console: command.optional().describe('prints what the serial console does from now on, until it is ended'),
})

const targetSchema = z.strictObject({
  address: z.string().refine(isAddress, 'an address is written ssh://root@host, or ssh://root@host:2222'),
  identity: z.array(path).default([]),
  knownHosts: z.array(path).default([]),
  bootSeconds: z.number().min(1).max(3600).default(usualBootSeconds),
  hooks: hooksSchema.default({}),
})

const fileSchema = z.strictObject({
  targets: z.record(z.string().regex(/^[A-Za-z0-9][\w.-]*$/), targetSchema, {
    error: ({ code }) => (code === 'invalid_key' ? 'a name is letters, digits, dots and dashes' : undefined),
  }),
})

/** What can be done to a machine from outside. */
export type Hooks = z.infer<typeof hooksSchema>
/** A machine of the targets file; paths that begin with ~/ are the user's. */
export type KnownTarget = z.infer<typeof targetSchema>

/** $XDG_CONFIG_HOME/fctorture/targets.yaml */
export function usualTargetsFile(): string {
  return join(configFolder(), 'targets.yaml')
}

/** @throws UsageError FCT_TARGETS_UNREADABLE, FCT_TARGETS_INVALID (file, line, field), FCT_TARGET_UNKNOWN */
export function findTarget(name: string, file: string): KnownTarget {
  const { targets } = readTargets(file)
  const target = Object.hasOwn(targets, name) ? targets[name] : undefined
  if (target === undefined) {
    const names = Object.keys(targets)
    throw new UsageError(
      'FCT_TARGET_UNKNOWN',
      `${file} has no target ${JSON.stringify(name)}${names.length === 0 ? '' : `; did you mean ${nearest(name, names)}?`}`,
      'A machine that is in no file is named by its address: ssh://root@host',
    )
  }
  return { ...target, identity: target.identity.map(atHome), knownHosts: target.knownHosts.map(atHome) }
}

function readTargets(file: string): z.infer<typeof fileSchema> {
  let text: string
  try {
    text = readYamlText(file)
  } catch (error) {
    throw new UsageError(
      'FCT_TARGETS_UNREADABLE',
      `the targets file cannot be read: ${messageOf(error)}`,
      'It says which machines there are (harness/target/ssh/README.md); --targets names another one.',
    )
  }
  return readYaml(text, {
    path: file,
    code: 'FCT_TARGETS_INVALID',
    what: 'a targets file',
    schema: fileSchema,
  })
}

function isAddress(text: string): boolean {
  try {
    parseSshAddress(text)
    return true
  } catch {
    return false
  }
}

function atHome(file: string): string {
  return file.startsWith('~/') ? join(homedir(), file.slice(2)) : file
}
