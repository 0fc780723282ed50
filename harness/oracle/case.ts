import { OwnEvents } from '../decode/own-events.js'
import type { TraceHead } from '../decode/load-trace.js'
import { moduleLines } from './console/module-lines.js'
import type { FilecacheSample } from './filecache.js'
import type { FlavourFeatures, FlavourId } from './flavours/flavour.js'
import { featuresOf, flavours, probeFlavour, type ProbedFlavour } from './flavours/probe.js'
import type { Leftovers } from './leftovers.js'
import type { LifeContext } from './life-reader.js'
import type { ObjectKey } from './object-life.js'

/** What a run leaves behind for judgement, beside the trace. */
export interface JudgePapers {
  /** What tells the flavour; without it the formats in the trace do. */
  readonly features?: FlavourFeatures
  /** The flavour, by somebody who knows it, instead of what is probed. */
  readonly flavour?: FlavourId
  /** All that the kernel printed, from power-on on. */
  readonly console: string
  /** The console is that of a guest of ours, which boots, and then takes the module in. */
  readonly isGuest?: boolean
  readonly filecache: readonly FilecacheSample[]
  /** Not there if the guest could not tell any more. */
  readonly leftovers?: Leftovers
  /** nfsd was stopped and started again: its counters began anew. */
  readonly wasRestarted?: boolean
  /** Names of the stressors that ran: some hide a defect from a rule. */
  readonly stressors: readonly string[]
}

/** What is known before the first event. */
export interface Case {
  readonly features: FlavourFeatures
  readonly probed: ProbedFlavour
  /** What the events tell of an object, if there are any. */
  readonly key: ObjectKey
  /** Gives nfsd's own events the module's form; undefined where the module speaks. */
  readonly own: OwnEvents | undefined
}

export function openCase(head: TraceHead | null, papers: JudgePapers): Case {
  const features = papers.features ?? featuresOf(head?.types ?? [])
  const hasModule = head?.types.some(({ system, name }) => system === 'fctorture' && name === 'fct_file')
  const own = head && hasModule !== true ? OwnEvents.of(head) : undefined
  const probed = findFlavour(papers.flavour, features)
  return { features, probed, own, key: own ? 'struct file' : 'nfsd_file' }
}

/** Without the names of its flags no flavour can be judged, whoever knows it. */
function findFlavour(known: FlavourId | undefined, features: FlavourFeatures): ProbedFlavour {
  const flavour = flavours.find(({ id }) => id === known)
  return flavour && features.flags.size > 0 ? { flavour } : probeFlavour(features)
}

/** What the rows of a trace cannot say of the lives in it. */
export function lifeContext({ key, probed, features }: Case, { console }: JudgePapers): LifeContext {
  // Without the module the clock is the ring buffer's, which counts from boot.
  const bootSecond = key === 'nfsd_file' ? moduleLoadSecond(console) : 0
  return { key, flavour: probed.flavour, flags: features.flags, bootSecond }
}

/**
 * The trace counts time from the module's load, the console from boot. The module prints each phase with its
 * own time, and the kernel says when it takes a module of ours in.
 */
export function moduleLoadSecond(console: string): number {
  const lines = moduleLines(console)
  for (const { stamp, message } of lines) {
    const [, ms] = /^fctorture: phase \w+ ms=(\d+)/.exec(message) ?? []
    if (stamp !== null && ms !== undefined) return stamp - Number(ms) / 1000
  }
  return lines[0]?.stamp ?? 0
}
