import { UsageError } from '../fct-error.js'
import { ruleSet } from '../oracle/rule-set.js'
import type { ResultDocument } from '../verdict/result.js'

/** What a run says about what was looked for. */
export interface RunReading {
  readonly isHit: boolean
  /** Why a run without a hit says nothing; undefined if it is a miss, as far as its exposure allows. */
  readonly nothing: string | undefined
  /** Nothing could be built of it, and why. */
  readonly unbuildable: string | undefined
  /** Signatures of other findings. */
  readonly others: readonly string[]
  /** Seconds of load. */
  readonly loadSeconds: number
  /** By what was exposed (`close*acquire`, `useful close`, `events`): how often per second of load. */
  readonly exposure: Readonly<Record<string, number>>
  /** Code of our own trouble that has nothing to do with what was run. */
  readonly trouble: string | undefined
}

/** A finding's signature, or a rule: all of its findings. */
export interface Wanted {
  readonly rule: string
  /** Undefined if any finding of the rule will do. */
  readonly signature: string | undefined
}

/** @throws UsageError FCT_BISECT_SIGNATURE */
export function parseWanted(text: string): Wanted {
  const rule = text.split(': ', 1)[0] ?? ''
  if (ruleSet.some(({ id }) => id === rule)) return { rule, signature: text === rule ? undefined : text }
  throw new UsageError(
    'FCT_BISECT_SIGNATURE',
    `${JSON.stringify(text)} is neither a rule nor begins with one, as signatures do`,
    `Rules: ${ruleSet.map(({ id }) => id).join(', ')}`,
  )
}

/** The rule whose finding ends a load; `false` if only a run's end shows it. */
export function untilFindingOf({ rule }: Wanted): false | [string] {
  return ruleSet.some(({ id, flavours }) => id === rule && flavours !== 'any') ? [rule] : false
}

const buildFailures = new Set([
  ...['FCT_NFSD_BUILD', 'FCT_KERNEL_BUILD', 'FCT_KERNEL_CONFIG', 'FCT_KERNEL_NO_MODULES', 'FCT_MODULE_BUILD'],
  ...['FCT_KERNEL_NO_SOURCE', 'FCT_TREE_NO_KERNEL', 'FCT_PATCH_DOES_NOT_APPLY', 'FCT_PATCH_NO_MATCH'],
])

export function isBuildFailure(code: string): boolean {
  return buildFailures.has(code)
}

/** Less of the load than this, and a run without a hit was cut short. */
const wholeLoad = 0.9

/** @param seconds Of load that were asked for. */
export function readRun(result: ResultDocument, wanted: Wanted, seconds: number): RunReading {
  const isWanted = ({ rule, signature }: ResultDocument['findings'][number]): boolean =>
    rule === wanted.rule && (wanted.signature === undefined || signature === wanted.signature)
  const isHit = result.findings.some(isWanted)
  const others = result.findings.filter((finding) => !isWanted(finding)).map(({ signature }) => signature)
  const [first] = result.reasons
  const isError = result.verdict === 'ERROR' && first !== undefined
  const unbuildable = isError && isBuildFailure(first.code) ? `${first.code}: ${first.message}` : undefined
  return {
    ...{ isHit, others, unbuildable, loadSeconds: result.guestSeconds, exposure: exposureOf(result) },
    nothing: isHit ? undefined : whyNothing(result, seconds),
    trouble:
      isError && unbuildable === undefined && !first.code.startsWith('FCT_GUEST_') ? first.code : undefined,
  }
}

/** Another finding is no reason: a load that went on to its end with the wanted one absent is a miss. */
function whyNothing({ reasons, guestSeconds }: ResultDocument, seconds: number): string | undefined {
  const doubt = reasons.find(({ code }) => code !== 'FCT_ORACLE_FINDING')
  if (doubt) return `${doubt.code}: ${doubt.message}`
  if (guestSeconds >= wholeLoad * seconds) return undefined
  return `the load ended after ${guestSeconds.toFixed(1)} of ${seconds} s`
}

function exposureOf({ exposure, stressors, events, guestSeconds }: ResultDocument): Record<string, number> {
  const counts = [
    ...Object.entries(exposure),
    ...Object.entries(stressors).map(([name, { useful }]) => [`useful ${name}`, useful] as const),
    ['events', events.read] as const,
  ]
  return Object.fromEntries(
    counts.map(([name, count]) => [name, guestSeconds > 0 ? count / guestSeconds : 0]),
  )
}
