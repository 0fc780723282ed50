/**
 * fctorture as a library: what the commands `run`, `check` and `bisect` do, with the documents that they print by `--json`.
 *
 * Nothing here prints to stdout or ends the process; how builds and runs go on is told on stderr, as the commands do. What
 * cannot be meant is thrown as UsageError, what went wrong with fctorture itself as FctError, each with a stable `code`. A
 * kernel that fails is no error: it is a verdict.
 */
import type { Mirrors } from '../vms/apt-root.js'
import type { ProfileName } from '../vms/kernels/profiles.js'
import type { BisectDocument } from './bisect/result.js'
import type { StartEntry } from './bisect/log-entry.js'
import { bisectDefaults, findCulprit } from './commands/bisect.js'
import { checkRecording } from './commands/check.js'
import { buildContext } from './commands/progress.js'
import { runScenario, type RunListener } from './commands/run.js'
import { runsFolder } from './folders.js'
import type { FlavourId } from './oracle/flavours/flavour.js'
import type { PlanOptions } from './scenario/plan.js'
import type { CheckDocument } from './verdict/recording.js'
import type { ResultDocument } from './verdict/result.js'

export { FctError, UsageError } from './fct-error.js'
export type { BisectDocument, CheckDocument, FlavourId, Mirrors, ProfileName, ResultDocument, RunListener }

/** What `run` and `bisect` have in common. */
interface Surroundings {
  /** Folder that gets the folders of runs; $XDG_DATA_HOME/fctorture/runs if not given. */
  readonly runs?: string
  /** Where Debian is downloaded from, instead of what this host's apt says. */
  readonly mirrors?: Mirrors
  /** Ends what goes on. A run then resolves with what had come by then, without a PASS. */
  readonly signal?: AbortSignal
}

export interface RunOptions extends Omit<PlanOptions, 'kernel'>, Surroundings {
  /** `debian:VERSION`, `tree:PATH[@REVISION]`, `image:PATH` or `host`; debian:6.1 if not given. */
  readonly kernel?: string
  /** Files, mboxes, review mails, or folders with a series, in this order. */
  readonly patches?: readonly string[]
  /** How closely the kernel watches itself; `stock` if not given. */
  readonly profile?: ProfileName
  /** Hears how the run goes on: phases, rates per second of load, and findings as soon as they are certain. */
  readonly listener?: RunListener
}

/**
 * Tortures one kernel with one scenario and judges what happened, as `fctorture run`.
 *
 * @returns The result document, which is also verdict.json in the run's folder (`run`). Times are seconds.
 * @throws UsageError FCT_SCENARIO_..., FCT_KERNEL_UNKNOWN, FCT_TARGET_...; FctError if kernel or guest cannot be made
 */
export async function run(options: RunOptions): Promise<ResultDocument> {
  const {
    kernel = 'debian:6.1',
    patches = [],
    profile = 'stock',
    runs,
    mirrors,
    signal,
    listener,
    ...plan
  } = options
  const { result } = await runScenario(
    { ...plan, kernel: { name: kernel, patches, profile } },
    runs ?? runsFolder(),
    buildContext(process.stderr, signal ?? never(), mirrors),
    listener && { listener },
  )
  return result
}

export interface CheckOptions {
  /** The tracing instance, if several have events; '' is the top one. */
  readonly buffer?: string
  /** The kernel's file cache; by the trace's own formats if not given. */
  readonly flavour?: FlavourId
  /** File with what the kernel printed meanwhile; a run folder's own if not given. */
  readonly console?: string
}

/**
 * Judges a recording, as `fctorture check`.
 *
 * @param file A trace.dat (version 6 or 7), or a run folder.
 * @throws UsageError FCT_TRACE_UNREADABLE, FCT_CONSOLE_UNREADABLE; FctError FCT_DECODE_..., FCT_TRACE_NOT_FOUND, FCT_RUN_INVALID
 */
export async function check(file: string, options: CheckOptions = {}): Promise<CheckDocument> {
  return (await checkRecording(file, { flavour: 'auto', ...options })).document
}

export interface BisectOptions extends Surroundings {
  /** A git tree of the kernel with its two ends, or a series of patches (a folder or an mbox) and the kernel that it is for. */
  readonly source: StartEntry['source']
  /** A scenario of the catalogue, or the path of a YAML file. */
  readonly scenario: string
  /** What is looked for: the signature of a finding, or a rule. */
  readonly signature: string
  /** Seconds of load of each run, instead of the scenario's. */
  readonly time?: number
  /** Without stressors and injected delays. */
  readonly clientsOnly?: boolean
  readonly profile?: ProfileName
  /** How sure to be, 0.5 to 1; 0.99 if not given. */
  readonly confidence?: number
  /** Seconds for builds and runs, added up; 8 hours if not given. */
  readonly budget?: number
  /** Builds and guests at a time; as many as this host can have if not given. */
  readonly jobs?: number
  /** How often a bad commit fails, if that is known. */
  readonly rate?: { readonly low: number; readonly high: number }
  /** Files and folders of the tree that are suspected. */
  readonly path?: readonly string[]
  /** Of the first run; each has the next. */
  readonly seed?: number
  /** Whether the culprit is reverted at the end, and that is run; true if not given. */
  readonly verify?: boolean
  /** Folder that keeps the search; a search that is there already goes on. */
  readonly state?: string
}

/**
 * Finds the commit, or the patch of a series, since which a run fails, however seldom, as `fctorture bisect`.
 *
 * @throws UsageError and FctError FCT_BISECT_..., FCT_TREE_..., FCT_SCENARIO_...
 */
export async function bisect({ signal, ...options }: BisectOptions): Promise<BisectDocument> {
  const whole = { ...bisectDefaults, runs: runsFolder(), mirrors: undefined, ...options }
  return (await findCulprit(whole, signal ?? never())).document
}

/** Of a caller who does not want to end anything. */
function never(): AbortSignal {
  return new AbortController().signal
}
