import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { mostRate, mostZipf, ops } from '../../addon/index.js'
import { nearest } from '../../vms/kernels/catalogue.js'
import { stressors as stressorNames } from '../../addon/device.js'
import { fileSystems, nfsVersions } from '../agent/protocol.js'
import { UsageError, messageOf } from '../fct-error.js'
import { packageRoot } from '../folders.js'
import { readYaml, readYamlText } from './read-yaml.js'
import { injectSchema, stressorsSchema } from './stressors.js'

const pair = z
  .string()
  .regex(
    new RegExp(`^(${stressorNames.join('|')})\\*(${stressorNames.join('|')})$`),
    'two stressors, like close*acquire',
  )
const fileChoice = z.union(
  [z.literal('uniform'), z.strictObject({ zipf: z.number().positive().max(mostZipf) })],
  { error: `uniform, or { zipf: exponent } with an exponent above 0 and at most ${mostZipf}` },
)
const clientPlan = z.strictObject({
  threads: z.int().min(1).max(64),
  files: z.int().min(1).max(10_000),
  choice: fileChoice.default('uniform'),
  size: z
    .int()
    .min(4096)
    .max(1 << 24)
    .describe('bytes per file'),
  mix: z
    .partialRecord(z.enum(ops), z.int().min(0).max(1_000_000), {
      // Types of zod 4.6 do not know this code here.
      error: ({ code }) =>
        (code as string) === 'unrecognized_keys' ? `a weight for each of ${ops.join(', ')}` : undefined,
    })
    .refine(
      (mix) => Object.values(mix).some((weight) => weight > 0),
      'at least one operation needs a weight above 0',
    ),
  rate: z
    .number()
    .positive()
    .max(mostRate)
    .optional()
    .describe('operations per second of each thread, at the most'),
})

const clientsPlan = clientPlan
  .extend({
    machines: z
      .int()
      .min(0)
      .max(8)
      .default(0)
      .describe('beside the server; 0: clients are on the server itself'),
    kernel: z
      .string()
      .optional()
      .describe('of those machines; without it, the stock kernel of that name under test'),
  })
  .refine(
    ({ machines, kernel }) => machines > 0 || kernel === undefined,
    'a kernel for clients wants machines',
  )

/** A scenario file. Stressors and their knobs are those of the module's debugfs tree (kmod/knobs.md). */
export const scenarioSchema = z.strictObject({
  name: z.string().regex(/^[A-Z]+\d\d$/, 'a name is UPPERCASE letters and two digits, like CLOSE01'),
  purpose: z.string().min(1),
  seconds: z.number().min(1).max(86_400),
  exports: z
    .array(z.enum(fileSystems))
    .min(1)
    .refine(
      (names) => !names.includes('nfs') || names.includes('ext4'),
      'nfs exports a mount of ext4 again, so ext4 must be there',
    ),
  versions: z.array(z.enum(nfsVersions)).min(1),
  delegations: z
    .boolean()
    .default(false)
    .describe('whether nfsd delegates files to NFSv4 clients; an NFSv3 client that meets one waits for 5 s'),
  nfsdThreads: z.int().min(1).max(64),
  clients: clientsPlan,
  churn: clientPlan.optional(),
  stressors: stressorsSchema,
  optional: z
    .array(z.enum(stressorNames))
    .default([])
    .describe('stressors that a kernel need not be capable of'),
  inject: injectSchema.optional(),
  disturb: z.array(z.enum(['restart', 'namespace'])).default([]),
  events: z
    .array(z.string().regex(/^nfsd_file_\w+(\|nfsd_file_\w+)*$/))
    .default([])
    .describe('tracepoints of nfsd that must fire; a|b: as a kernel calls it'),
  exposure: z.array(pair),
  quietSeconds: z.number().min(0).max(600),
  bufferKiB: z
    .int()
    .min(64)
    .max(1 << 20),
})

export type Scenario = z.infer<typeof scenarioSchema>

const catalogue = join(packageRoot, 'harness', 'scenario', 'catalogue')

/**
 * A scenario by its name in the catalogue, or from a file when the name is a path.
 *
 * @throws UsageError FCT_SCENARIO_UNKNOWN (with the nearest name), FCT_SCENARIO_UNREADABLE, FCT_SCENARIO_INVALID (file, line, field)
 */
export function loadScenario(name: string): Scenario {
  if (/[/.]/.test(name)) return readScenario(name)
  const known = listScenarios()
  if (known.includes(name)) return readScenario(join(catalogue, `${name}.yaml`))
  throw new UsageError(
    'FCT_SCENARIO_UNKNOWN',
    `there is no scenario ${JSON.stringify(name)}; did you mean ${nearest(name, known)}?`,
    `Known: ${known.join(', ')}. A scenario of your own is named by its path.`,
  )
}

export function listScenarios(): string[] {
  return readdirSync(catalogue)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.slice(0, -'.yaml'.length))
    .sort()
}

function readScenario(path: string): Scenario {
  try {
    return parseScenario(readYamlText(path), path)
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError('FCT_SCENARIO_UNREADABLE', `cannot read the scenario: ${messageOf(error)}`)
  }
}

export function parseScenario(text: string, path: string): Scenario {
  return readYaml(text, { path, code: 'FCT_SCENARIO_INVALID', what: 'a scenario', schema: scenarioSchema })
}
