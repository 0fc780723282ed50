import type { FileEvents } from '../decode/file-events.js'
import type { Gap } from '../decode/gap-bounds.js'
import type { ModuleEvent } from '../decode/module-events.js'
import type { PhaseMark } from '../decode/phase-marks.js'
import type { Counted } from './counted.js'
import { parseFilecache, type FilecacheSample } from './filecache.js'
import type { ProbedFlavour } from './flavours/probe.js'
import { codeOf, codes, type Tracepoint } from './operations.js'
import type { Need, Rule } from './rule.js'
import type { ObjectKey } from './object-life.js'
import { idleLimitMs } from './rules/idle-disposed.js'
import { whyNotWithoutIdentity } from './without-identity.js'

/** What there is to judge by. */
export interface Supplies {
  readonly probed: ProbedFlavour
  /** The events, or why there are none. */
  readonly events: FileEvents | string
  /** Whether the events' `nf` is the nfsd_file, or a struct file that stands in for it (decode/own-events.ts). */
  readonly key: ObjectKey
  /** Codes of the tracepoints of which there are events. */
  readonly recorded: ReadonlySet<number>
  /** Events that nfsd counts, too, or why the numbers cannot be compared. */
  readonly counted: Counted | string
  /** What the module tells of what it did itself and saw beside nfsd's tracepoints. */
  readonly told: ReadonlySet<ModuleEvent>
  readonly clock: string
  /** Events whose stamps the decoder had to correct. */
  readonly raisedStamps: number
  readonly gaps: readonly Gap[]
  readonly phases: readonly PhaseMark[]
  readonly quietMs: number | null
  readonly filecache: readonly FilecacheSample[]
  readonly hasLeftovers: boolean
  readonly hasConsole: boolean
}

/** Why a rule cannot be applied; undefined if it can. */
export function whyNotApplied(rule: Rule, supplies: Supplies): string | undefined {
  const { flavour, reason } = supplies.probed
  const anonymous = supplies.key === 'nfsd_file' ? undefined : whyNotWithoutIdentity(rule, supplies.recorded)
  const missing =
    anonymous ?? rule.needs.map((need) => whyMissing(need, supplies)).find((why) => why !== undefined)
  if (rule.flavours === 'any' || missing !== undefined) return missing
  if (!flavour) return reason
  if (rule.flavours.includes(flavour.id)) return undefined
  return rule.unsound?.[flavour.id] ?? `says nothing about the flavour ${flavour.id}`
}

/** Whether a rule is for other file caches than this one, so that nothing is missing if it is not applied. */
export function isForOthers({ flavours }: Rule, { probed: { flavour } }: Supplies): boolean {
  return flavours !== 'any' && flavour !== undefined && !flavours.includes(flavour.id)
}

function whyMissing(need: Need, supplies: Supplies): string | undefined {
  switch (need) {
    case 'identity':
      return typeof supplies.events === 'string' ? supplies.events : undefined
    case 'order':
      return whyUnordered(supplies)
    case 'quiet':
      return whyNotQuiet(supplies)
    case 'end':
      return supplies.phases.at(-1)?.phase === 'end' ? undefined : 'the trace ends before nfsd had stopped'
    case 'filecache':
      return supplies.filecache.length > 0 ? undefined : 'no samples of /proc/fs/nfsd/filecache'
    case 'counted':
      if (supplies.probed.flavour?.id !== 'lru-holds-ref') return 'it is not known what this flavour counts'
      return typeof supplies.counted === 'string' ? supplies.counted : undefined
    case 'leftovers':
      return supplies.hasLeftovers || supplies.hasConsole
        ? undefined
        : 'nobody has looked for what is left after nfsd had stopped'
    case 'console':
      return supplies.hasConsole ? undefined : 'there is no console'
    case 'close begins':
    case 'close ends':
    case 'file closes':
    case 'memory comes back':
    case 'dirty is disposed':
      return supplies.told.has(need) ? undefined : `the module does not tell when "${need}"`
    default:
      return isObserved(need, supplies) ? undefined : whyUnobserved(need, supplies)
  }
}

function whyUnordered({ clock, raisedStamps }: Supplies): string | undefined {
  if (raisedStamps > 0) return `${String(raisedStamps)} events had stamps out of order`
  if (/^\[?counter\]?$/.test(clock)) return undefined
  const name = clock === '' ? 'of an unknown kind' : `"${clock}"`
  return `the trace clock is ${name}, only "counter" orders the events of different CPUs strictly`
}

/** A quiet that ended early is long enough if it ended because the LRU was empty. */
function whyNotQuiet({ quietMs, filecache }: Supplies): string | undefined {
  if (quietMs === null) return 'there was no time without load before nfsd was stopped'
  const wasEmpty = filecache.some(
    ({ phase, text }) => phase === 'quiet' && parseFilecache(text).get('lru entries') === 0n,
  )
  if (quietMs >= idleLimitMs || wasEmpty) return undefined
  const seconds = (ms: number): string => (ms / 1000).toFixed(1)
  const had = `only ${seconds(quietMs)} s without load before nfsd was stopped`
  return `${had}, ${seconds(idleLimitMs)} s are needed`
}

function isObserved(tracepoint: Tracepoint, { events }: Supplies): boolean {
  return typeof events !== 'string' && events.tracepoints.some((name) => codeOf(name) === codes[tracepoint])
}

function whyUnobserved(tracepoint: string, { key }: Supplies): string {
  return key === 'nfsd_file'
    ? `the module does not observe ${tracepoint}`
    : `the trace does not describe ${tracepoint}`
}
