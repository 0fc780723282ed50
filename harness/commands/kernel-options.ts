import { InvalidArgumentError, Option, type Command } from 'commander'
import type { Mirrors } from '../../vms/apt-root.js'
import type { KernelRequest } from '../../vms/kernels/kernels.js'
import { profileNames, type ProfileName } from '../../vms/kernels/profiles.js'
import { UsageError } from '../fct-error.js'

/** Options of every command that gets itself a kernel, as commander has them. */
export interface KernelOptions extends MirrorOptions {
  readonly kernel: string
  readonly patch?: readonly string[]
  readonly profile: ProfileName
}

export interface MirrorOptions {
  readonly mirror?: string
  readonly securityMirror?: string
}

/** @param how The kernel's name is an option, or the command has it as an argument. */
export function addKernelOptions(command: Command, how: 'as option' | 'as argument' = 'as option'): Command {
  const named =
    how === 'as argument'
      ? command
      : command.option(
          '--kernel <kernel>',
          'debian:VERSION, tree:PATH[@REVISION], image:PATH or host',
          'debian:6.1',
        )
  const profile = new Option('--profile <name>', 'how closely the kernel watches itself')
  return addMirrorOptions(
    named
      .option(
        '--patch <path...>',
        'patch files, mboxes, review mails, or folders with a series, in this order',
      )
      .addOption(profile.choices(profileNames).default('stock')),
  )
}

export function addMirrorOptions(command: Command): Command {
  return command
    .option('--mirror <url>', "Debian's archive, instead of the one that this host's apt uses", parseUrl)
    .option('--security-mirror <url>', "Debian's security archive", parseUrl)
}

function parseUrl(text: string): string {
  if (URL.canParse(text) && /^(https?|file):/.test(text)) return text
  throw new InvalidArgumentError('It must be an address that begins with http, https or file.')
}

export function kernelRequestOf({ kernel, patch, profile }: KernelOptions): KernelRequest {
  return { name: kernel, patches: patch ?? [], profile }
}

/** @throws UsageError FCT_MIRROR_MISSING */
export function mirrorsOf({ mirror, securityMirror }: MirrorOptions): Mirrors | undefined {
  if (mirror !== undefined) return { main: mirror, security: securityMirror }
  if (securityMirror === undefined) return undefined
  throw new UsageError('FCT_MIRROR_MISSING', '--security-mirror needs --mirror beside it')
}
