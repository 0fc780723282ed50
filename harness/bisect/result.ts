import { upperBound } from '../verdict/exposure-bound.js'
import type { Reason } from '../verdict/result.js'
import type { EndReason } from './drive-search.js'
import type { StartEntry } from './log-entry.js'
import type { Progress } from './progress.js'
import type { Rate, Tally } from './search.js'
import { goodEnd } from './history.js'
import { buildableAt, nameOf, type Buildable } from './range.js'
import type { Verification } from './verify.js'

export interface CommitStanding extends Pick<Buildable, 'id' | 'subject'> {
  /** To be the first bad one. */
  readonly probability: number
  readonly hits: number
  readonly misses: number
  /** Runs that say nothing. */
  readonly nothing: number
  /** Why it was left out; null if it was not. */
  readonly skipped: string | null
}

/** `fctorture bisect --json`. */
export interface BisectDocument {
  readonly schema: 1
  readonly exit: 0 | 125
  readonly outcome: 'found' | 'not found'
  /** Why it was not found, or is not borne out; empty if it is. */
  readonly reasons: readonly Reason[]
  readonly source: StartEntry['source']
  readonly signature: string
  readonly amplification: StartEntry['amplification']
  readonly confidence: number
  readonly candidates: number
  /** Null if it was not found. */
  readonly culprit: CommitStanding | null
  /** All that were tested, and those with a probability of 0.001 and more; most likely first. */
  readonly commits: readonly CommitStanding[]
  readonly goodEnd: CommitStanding
  /** Of a run at a bad commit. */
  readonly rate: Rate
  readonly runs: { readonly hits: number; readonly misses: number; readonly nothing: number }
  /** Findings that were not looked for. */
  readonly others: readonly { readonly signature: string; readonly runs: number }[]
  readonly seconds: {
    readonly total: number
    readonly perRun: number | null
    /** What one more commit took to build: where fs/nfsd alone differs, and a kernel whole. */
    readonly moduleBuild: number | null
    readonly kernelBuild: number | null
  }
  /** Null if it was not tried. */
  readonly verification: Verification | null
  /** Folder: log.jsonl, and what was written at the end. */
  readonly state: string
}

export interface Conclusion {
  readonly start: StartEntry
  readonly progress: Progress
  readonly reason: EndReason
  readonly confidence: number
  readonly verification: Verification | null
  readonly state: string
}

export function documentOf(conclusion: Conclusion): BisectDocument {
  const { start, progress, reason, confidence, verification, state } = conclusion
  const standings = standingsOf(start, progress)
  const culprit = reason === 'confident' ? (standings[0] ?? null) : null
  const isFound = culprit !== null && verification?.outcome !== 'refuted'
  const count = (outcome: string): number =>
    progress.runs.filter((run) => !run.isReverted && run.outcome === outcome).length
  const { module, kernel } = progress.buildSeconds()
  return {
    schema: 1,
    exit: isFound ? 0 : 125,
    outcome: isFound ? 'found' : 'not found',
    reasons: reasonsOf(conclusion),
    source: start.source,
    signature: start.signature,
    amplification: start.amplification,
    confidence,
    candidates: start.range.candidates.length,
    culprit,
    commits: standings,
    goodEnd: standingOf(start, progress, goodEnd, progress.search.goodEndFails()),
    rate: progress.search.rate(),
    runs: { hits: count('hit'), misses: count('miss'), nothing: count('nothing') },
    others: othersOf(progress),
    seconds: {
      total: Math.round(progress.seconds),
      perRun: progress.runs.length === 0 ? null : progress.costs().runSeconds,
      moduleBuild: module ?? null,
      kernelBuild: kernel ?? null,
    },
    verification,
    state,
  }
}

const leastProbability = 0.001

function standingsOf(start: StartEntry, progress: Progress): CommitStanding[] {
  const posterior = progress.search.posterior()
  return start.range.candidates
    .map((_, index) => standingOf(start, progress, index, posterior[index] ?? 0))
    .filter(({ probability, hits, misses, nothing, skipped }) => {
      return probability >= leastProbability || hits + misses + nothing > 0 || skipped !== null
    })
    .sort((a, b) => b.probability - a.probability)
}

export function standingOf(
  { range }: Pick<StartEntry, 'range'>,
  progress: Progress,
  index: number,
  probability: number,
): CommitStanding {
  const { id, subject } = buildableAt(range, index)
  const { hits, misses, nothing }: Tally = progress.search.tally(index)
  const skipped = progress.skips.find(({ candidate }) => candidate === index)?.reason ?? null
  return { id, subject, probability, hits, misses, nothing, skipped }
}

function othersOf({ runs }: Progress): BisectDocument['others'] {
  const counts = new Map<string, number>()
  for (const signature of runs.flatMap(({ others }) => others))
    counts.set(signature, (counts.get(signature) ?? 0) + 1)
  return [...counts].map(([signature, runs]) => ({ signature, runs }))
}

function reasonsOf(conclusion: Conclusion): Reason[] {
  const { reason, verification } = conclusion
  if (reason === 'confident')
    return verification?.outcome === 'refuted'
      ? [{ code: 'FCT_BISECT_REFUTED', message: 'it fails without the culprit, too' }]
      : []
  return [reasonOf(reason, conclusion)]
}

function reasonOf(reason: Exclude<EndReason, 'confident'>, conclusion: Conclusion): Reason {
  const { start, progress } = conclusion
  const { search } = progress
  const last = start.range.candidates.length - 1
  const bad = nameOf(buildableAt(start.range, last))
  const good = nameOf(start.range.good)
  const skipped = progress.skips.find(({ candidate }) => candidate === last)
  switch (reason) {
    case 'good-end-fails': {
      const { hits, misses } = search.tally(goodEnd)
      const advice =
        start.source.kind === 'tree'
          ? 'the commit that is looked for is older: name an older one with --good'
          : 'no patch of the series brought it: bisect the tree of its base instead'
      const message = `the good end ${good} fails itself: ${hits} of ${hits + misses} runs; ${advice}`
      return { code: 'FCT_BISECT_GOOD_FAILS', message }
    }
    case 'bad-end-never-fails': {
      const { misses } = search.tally(last)
      const rate = upperBound(misses).toPrecision(2)
      const message = `the bad end ${bad} never failed in ${misses} runs: a rate above ${rate} is excluded at 95 %`
      return { code: 'FCT_BISECT_NEVER_FAILS', message }
    }
    case 'budget':
      return {
        code: 'FCT_BISECT_BUDGET',
        message: `the budget was used up after ${progress.seconds.toFixed(0)} s; with a larger --budget it goes on`,
      }
    case 'unfinished':
      return { code: 'FCT_BISECT_UNFINISHED', message: 'the search has not come to its end yet' }
    case 'bad-end-unusable': {
      const why = skipped?.reason ?? progress.runs.at(-1)?.reason ?? ''
      return { code: 'FCT_BISECT_BAD_UNUSABLE', message: `the bad end ${bad} cannot be tested: ${why}` }
    }
    case 'nothing-left':
      return {
        code: 'FCT_BISECT_SKIPPED',
        message: `some commits cannot be tested: it is ${oneOf(conclusion)}`,
      }
  }
}

const mostNamed = 8

/** "one of a, b", the likeliest first, of what has the confidence together. */
function oneOf({ start: { range }, progress }: Conclusion): string {
  const names = progress.search.suspects().map(({ candidate }) => nameOf(buildableAt(range, candidate)))
  const more = names.length - mostNamed
  return `one of ${names.slice(0, mostNamed).join(', ')}${more > 0 ? `, and ${more} more` : ''}`
}

/** Index of the candidate that a search ended at. */
export function culpritOf({ search }: Progress, reason: EndReason): number | undefined {
  if (reason !== 'confident') return undefined
  const posterior = search.posterior()
  return posterior.indexOf(Math.max(...posterior))
}

export function toJson(document: BisectDocument): string {
  return `${JSON.stringify(document, null, 2)}\n`
}
