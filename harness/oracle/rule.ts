import type { FileEvents } from '../decode/file-events.js'
import type { ModuleEvent, ModuleEvents } from '../decode/module-events.js'
import type { Phase, PhaseMark } from '../decode/phase-marks.js'
import type { Closes } from './closes.js'
import type { Counted } from './counted.js'
import type { Fact } from './facts.js'
import type { FilecacheSample } from './filecache.js'
import type { FlagMasks, Flavour, FlavourId } from './flavours/flavour.js'
import type { Leftovers } from './leftovers.js'
import type { Lives } from './lives.js'
import type { Tracepoint } from './operations.js'
import type { Splat } from './console/splat.js'
import type { Tasks } from './tasks.js'

/** What a rule cannot do without. A tracepoint's name stands for its being observed. */
export type Need =
  | Tracepoint
  | ModuleEvent
  | 'identity' // events that carry the nfsd_file's pointer
  | 'order' // a trace clock that orders events of different CPUs strictly
  | 'quiet' // a phase without load, long enough or ended by an empty LRU
  | 'end' // a trace that goes on until nfsd has stopped
  | 'filecache' // samples of /proc/fs/nfsd/filecache
  | 'counted' // a whole trace, and samples of the counters around the load
  | 'leftovers' // what was left when nfsd had stopped, or at least the console
  | 'console'

/**
 * An event under the eyes of a rule. All are views; `life`, `task` and `closes` are as they were before the
 * event.
 */
export interface Moment {
  readonly event: FileEvents
  readonly life: Lives
  readonly task: Tasks
  readonly closes: Closes
  readonly flags: FlagMasks
  readonly flavour: Flavour
}

/** An event of the module's own; `life` is that of the object it names, if it names one. */
export interface ModuleMoment {
  readonly event: ModuleEvents
  readonly life: Lives
  readonly closes: Closes
}

/** A point of the run at which rules may look at all lives. */
export interface Standing {
  readonly lives: Lives
  readonly phases: readonly PhaseMark[]
  readonly flavour: Flavour
  /** Time of the last event, ms since the module was loaded. */
  readonly ms: number
}

/** Evidence that is not in the trace. */
export interface Papers {
  readonly splats: readonly Splat[]
  /** KASAN keeps what was freed for a while, and SLUB counts it as used. */
  readonly hasQuarantine: boolean
  /** When the module came in, seconds since boot; infinite if it never did, 0 if the console is not that of a guest of ours. */
  readonly bootedAt: number
  readonly filecache: readonly FilecacheSample[]
  readonly leftovers: Leftovers | undefined
  readonly counted: Counted | undefined
  /**
   * How long the run was without load before nfsd was told to stop, ms; null if it never was or the trace
   * does not say.
   */
  readonly quietMs: number | null
  /** The laundrette may have passed entries over because of dirty pages, as it should. */
  readonly heldByPages: boolean
}

/**
 * A rule broken by an object; `path` is the same in every run that goes wrong in this way: no addresses, no
 * counts.
 */
export interface Broken {
  readonly path: string
  /** The sentence for people, with the numbers. */
  readonly says: string
  /** The event that broke it, if another than the one under the eyes. */
  readonly row?: number
  /** Only if the trace tells of such events at all, which may not be known before its end. */
  readonly given?: ModuleEvent
}

/** A rule broken by what the kernel printed; its evidence is the text. */
export interface BrokenOnPaper {
  readonly path: string
  readonly second: number
  readonly evidence: string
}

interface RuleHead {
  /** Stable over releases: results of different nights are compared by it. */
  readonly id: string
  readonly kind: 'safety' | 'liveness' | 'reconciliation' | 'console'
  readonly needs: readonly Need[]
  /** Why a sound kernel cannot break it: names the kernel's functions. */
  readonly sound: string
}

/** A rule over events. */
export interface TraceRule extends RuleHead {
  /** Those in which `sound` holds. */
  readonly flavours: readonly FlavourId[]
  /** Why it does not hold in others. */
  readonly unsound?: Readonly<Partial<Record<FlavourId, string>>>
  /** The tracepoints that `check` wants to see. */
  on?(flavour: Flavour): readonly Tracepoint[]
  /**
   * Facts of which at least one is there whenever `check` finds something at this tracepoint: only then it is asked, and so it is
   * fast if sound kernels seldom show them. A rule without is asked each time.
   */
  suspects?(tracepoint: Tracepoint, flavour: Flavour): readonly Fact[]
  check?(moment: Moment): Broken | undefined
  /** The events of the module that `checkModule` wants to see. */
  readonly onModule?: readonly ModuleEvent[]
  checkModule?(moment: ModuleMoment): Broken | undefined
  /** Called when a phase begins. */
  atPhase?(phase: Phase, standing: Standing): Iterable<Broken>
  /** Called once behind the last event. */
  atEnd?(standing: Standing): Iterable<Broken>
}

/** A rule over texts: it holds for every flavour. */
export interface PaperRule extends RuleHead {
  readonly flavours: 'any'
  judge(papers: Papers): Iterable<BrokenOnPaper>
}

export type Rule = TraceRule | PaperRule
