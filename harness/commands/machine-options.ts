import { Option, type Command } from 'commander'
import { UsageError } from '../fct-error.js'
import type { MachineRequest } from '../scenario/plan.js'
import { parseSshAddress } from '../target/ssh/address.js'
import { parseSize } from './parse-size.js'

/** Options of every command that can use a machine that is not ours, as commander has them. */
export interface MachineOptions {
  readonly target?: string
  readonly identity?: readonly string[]
  readonly knownHosts?: readonly string[]
  readonly disturbUsers?: boolean
  readonly traceRate?: number
}

export function addMachineOptions(command: Command): Command {
  return command
    .option('--target <address>', 'a machine that is reached over ssh (ssh://root@host), instead of a guest')
    .option(
      '--identity <file...>',
      'with --target: private keys to offer, instead of the usual ones in ~/.ssh',
    )
    .option('--known-hosts <file...>', 'with --target: files with its host key, instead of the usual ones')
    .option('--disturb-users', 'with --target: also if others use NFS there')
    .addOption(
      new Option(
        '--trace-rate <size>',
        'with --target: bytes of trace per second to bring here at most: 500K, 2M',
      ).argParser(parseSize),
    )
}

/** @throws UsageError FCT_TARGET_ADDRESS, FCT_TARGET_PATCHES, FCT_TARGET_MISSING */
export function machineRequestOf(options: MachineOptions, command: Command): MachineRequest | undefined {
  const { target, identity = [], knownHosts = [], disturbUsers = false, traceRate } = options
  if (target === undefined) {
    const [stray] = ['identity', 'knownHosts', 'disturbUsers', 'traceRate'].filter(
      (name) => command.getOptionValueSource(name) === 'cli',
    )
    if (stray === undefined) return undefined
    throw new UsageError(
      'FCT_TARGET_MISSING',
      'that is for a machine that is reached over ssh: say which by --target',
    )
  }
  parseSshAddress(target)
  if (['patch', 'profile'].some((name) => command.getOptionValueSource(name) === 'cli'))
    throw new UsageError(
      'FCT_TARGET_PATCHES',
      'a target runs the kernel that it runs: --patch and --profile are for guests',
    )
  return {
    address: target,
    isKernelNamed: command.getOptionValueSource('kernel') === 'cli',
    identities: identity,
    knownHosts,
    mayDisturb: disturbUsers,
    traceRate,
  }
}
