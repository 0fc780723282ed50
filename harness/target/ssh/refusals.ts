import { FctError } from '../../fct-error.js'
import type { MachineProbe } from './probe.js'

/** What is known besides the probe. */
export interface Circumstances {
  /** fctorture.ko is built here, against a kernel that was named. */
  readonly hasModule: boolean
  /** The source of the nfsd that runs there is at hand. */
  readonly knowsLayout: boolean
  /** The user said that nfsd's present users do not matter. */
  readonly mayDisturb: boolean
}

type Refusal = readonly [code: `FCT_${string}`, applies: boolean, message: string, advice: string]
type Check = (probe: MachineProbe, circumstances: Circumstances) => Refusal

const leastFreeKiB = 512 * 1024

/** Whatever is done to it. */
const basicChecks: readonly ((probe: MachineProbe) => Refusal)[] = [
  (probe) => ['FCT_TARGET_NOT_ROOT', !probe.isRoot, 'modules are for root to load', 'Write ssh://root@...'],
  (probe) => [
    'FCT_TARGET_ARCH',
    probe.arch !== 'x86_64',
    `it is ${probe.arch}, and the addon is built for x86_64`,
    'Run fctorture on a machine of that kind.',
  ],
  (probe) => [
    'FCT_TARGET_BUSY',
    probe.isTortured,
    'fctorture.ko is loaded there: another run goes on, or was left',
    'Wait for it, or unload it: rmmod fctorture.',
  ],
]

/** In the order in which they are told. */
const checks: readonly Check[] = [
  ...basicChecks,
  (probe, { mayDisturb }) => [
    'FCT_TARGET_IN_USE',
    !mayDisturb && countUsers(probe) > 0,
    `others use NFS there: ${describeUsers(probe)}`,
    'Their files would be disturbed, and nfsd is stopped in the end. --disturb-users does it all the same.',
  ],
  (probe) => [
    'FCT_TARGET_LOCKDOWN',
    !['', 'none'].includes(probe.lockdown) || probe.requiresSignatures,
    `its kernel takes no module of ours (lockdown ${probe.lockdown || 'none'}, signatures ${probe.requiresSignatures ? 'required' : 'not required'})`,
    'Boot it without Secure Boot, or without lockdown= and module.sig_enforce=.',
  ],
  (probe) => [
    'FCT_TARGET_IBT',
    probe.hasIbt,
    "indirect branch tracking is on, and nfsd's functions are called by address",
    'Boot it with ibt=off.',
  ],
  (probe) => [
    'FCT_TARGET_NO_NFSD',
    !probe.hasNfsd,
    'its kernel has no module nfsd',
    'nfsd must be a module (CONFIG_NFSD=m).',
  ],
  (probe) => [
    'FCT_TARGET_NO_TRACING',
    !probe.hasTracing,
    'tracefs or debugfs is not mounted',
    'mount -t tracefs tracefs /sys/kernel/tracing; mount -t debugfs debugfs /sys/kernel/debug',
  ],
  (probe) => [
    'FCT_TARGET_LACKS',
    probe.lacks.length > 0,
    `programs are missing there: ${probe.lacks.join(', ')}`,
    'apt install nfs-kernel-server nfs-common rpcbind e2fsprogs iproute2 util-linux',
  ],
  (probe, { hasModule }) => [
    'FCT_TARGET_NO_HEADERS',
    !hasModule && !probe.canBuild,
    `fctorture.ko cannot be built there: no headers of ${probe.release}, or no make and gcc`,
    'Install them there (linux-headers, make, gcc), or name the kernel that runs there with --kernel: it is built here then.',
  ],
  (probe, { knowsLayout }) => [
    'FCT_TARGET_NO_LAYOUT',
    !knowsLayout && !probe.knowsLayout,
    "nobody can tell the layout of nfsd's structures there",
    'Install pahole there; its kernel must have CONFIG_DEBUG_INFO_BTF.',
  ],
  (probe) => [
    'FCT_TARGET_DISK_FULL',
    probe.freeKiB < leastFreeKiB,
    `its /var/tmp has ${Math.round(probe.freeKiB / 1024)} MiB left`,
    `A run needs ${leastFreeKiB / 1024} MiB, for the trace until it has come here.`,
  ],
]

function countUsers({ inUse: { threads, exports, mounts } }: MachineProbe): number {
  return threads + exports + mounts
}

function describeUsers({ inUse: { threads, exports, mounts } }: MachineProbe): string {
  return `${threads} nfsd threads, ${exports} exports and ${mounts} NFS mounts`
}

/** Why a machine is not tortured: the first reason that holds. */
export function refusalOf(probe: MachineProbe, circumstances: Circumstances): FctError | undefined {
  return firstOf(
    'be tortured',
    checks.map((check) => check(probe, circumstances)),
  )
}

/** Why it gets no other kernel, as far as the probe knows. */
export function refusalOfDeployment(probe: MachineProbe): FctError | undefined {
  const lockdown: Refusal = [
    'FCT_DEPLOY_REFUSED',
    !['', 'none'].includes(probe.lockdown),
    `its kernel takes no other one from us (lockdown ${probe.lockdown})`,
    'Boot it without Secure Boot, or without lockdown=.',
  ]
  return firstOf('get another kernel', [...basicChecks.map((check) => check(probe)), lockdown])
}

function firstOf(what: string, refusals: readonly Refusal[]): FctError | undefined {
  const refusal = refusals.find(([, applies]) => applies)
  if (refusal === undefined) return undefined
  const [code, , message, advice] = refusal
  return new FctError(code, `the target cannot ${what}: ${message}`, advice)
}
