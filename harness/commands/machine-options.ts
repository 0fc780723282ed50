import { Option, type Command } from 'commander'
import { UsageError } from '../fct-error.js'
import type { MachineAddress, MachineRequest } from '../scenario/plan.js'
import { parseSshAddress } from '../target/ssh/address.js'
import { findTarget, usualBootSeconds, usualTargetsFile } from '../target/ssh/targets-file.js'
import { parseSize } from './parse-size.js'

/** Options of every command that reaches a machine that is not ours. */
export interface AddressOptions {
  readonly targets: string
  readonly identity?: readonly string[]
  readonly knownHosts?: readonly string[]
}

/** Options of every command that can use a machine that is not ours, as commander has them. */
export interface MachineOptions extends AddressOptions {
  readonly target?: string
  readonly disturbUsers?: boolean
  readonly traceRate?: number
}

export function addAddressOptions(command: Command): Command {
  return command
    .option('--targets <file>', 'with --target: the targets file', usualTargetsFile())
    .option(
      '--identity <file...>',
      'with --target: private keys to offer, instead of the usual ones in ~/.ssh',
    )
    .option('--known-hosts <file...>', 'with --target: files with its host key, instead of the usual ones')
}

export function addMachineOptions(command: Command): Command {
  const target =
    'a machine that is reached over ssh (ssh://root@host, or a name of the targets file), instead of a guest'
  return addAddressOptions(command.option('--target <machine>', target))
    .option('--disturb-users', 'with --target: also if others use NFS there')
    .addOption(
      new Option(
        '--trace-rate <size>',
        'with --target: bytes of trace per second to bring here at most: 500K, 2M',
      ).argParser(parseSize),
    )
}

/** @throws UsageError FCT_TARGET_ADDRESS, FCT_TARGET_PATCHES, FCT_TARGET_MISSING, and as findTarget does */
export function machineRequestOf(options: MachineOptions, command: Command): MachineRequest | undefined {
  const { target, disturbUsers = false, traceRate } = options
  if (target === undefined) {
    const [stray] = ['targets', 'identity', 'knownHosts', 'disturbUsers', 'traceRate'].filter((name) =>
      isGiven(name, command),
    )
    if (stray === undefined) return undefined
    throw new UsageError(
      'FCT_TARGET_MISSING',
      'that is for a machine that is reached over ssh: say which by --target',
    )
  }
  if (['patch', 'profile'].some((name) => isGiven(name, command)))
    throw new UsageError(
      'FCT_TARGET_PATCHES',
      'a target runs the kernel that it runs: --patch and --profile are for guests, and for fctorture deploy',
    )
  return {
    ...machineAddressOf(target, options),
    isKernelNamed: isGiven('kernel', command),
    mayDisturb: disturbUsers,
    traceRate,
  }
}

/** How a machine is reached: what the command line says goes before the targets file. */
export function machineAddressOf(
  target: string,
  { targets, identity, knownHosts }: AddressOptions,
): MachineAddress {
  const isNamed = !/[:/@]/.test(target)
  if (!isNamed) parseSshAddress(target)
  const known = isNamed
    ? findTarget(target, targets)
    : { address: target, identity: [], knownHosts: [], bootSeconds: usualBootSeconds, hooks: {} }
  return {
    address: known.address,
    name: isNamed ? target : undefined,
    identities: identity ?? known.identity,
    knownHosts: knownHosts ?? known.knownHosts,
    bootSeconds: known.bootSeconds,
    hooks: known.hooks,
  }
}

function isGiven(name: string, command: Command): boolean {
  return command.getOptionValueSource(name) === 'cli'
}
