import type { ResultDocument, VerdictName } from '../verdict/result.js'
import { pctOverSeeds, type PctOverSeeds } from './pct-bound.js'

/** What came of one seed. */
export interface SeedOutcome {
  readonly seed: number
  readonly verdict: VerdictName
  readonly findings: ResultDocument['findings']
  readonly reasons: ResultDocument['reasons']
  /** Its folder; null if it was not worth keeping. */
  readonly run: string | null
  /** With strategy pct, of a guest that has told. */
  readonly pct?: ResultDocument['pct']
}

/** A finding over all seeds that had it. */
export interface FoundBySearch {
  readonly signature: string
  readonly rule: string
  readonly seeds: readonly number[]
  /** Of the first of these. */
  readonly run: string | null
}

export interface SearchResult {
  readonly tried: number
  readonly perMinute: number
  readonly verdicts: Readonly<Record<VerdictName, number>>
  /** The one with most seeds first. */
  readonly findings: readonly FoundBySearch[]
  /** Absent with strategy random. */
  readonly pct?: PctOverSeeds
  /** 1 if something was found, 0 if every seed passed, 125 if nothing was found, and not every seed could tell. */
  readonly exit: 0 | 1 | 125
}

/** @param outcomes In the order of their seeds. */
export function summarizeSearch(outcomes: readonly SeedOutcome[], minutes: number): SearchResult {
  const verdicts = { PASS: 0, FAIL: 0, INCONCLUSIVE: 0, ERROR: 0 }
  for (const { verdict } of outcomes) verdicts[verdict]++
  const exit = verdicts.FAIL > 0 ? 1 : verdicts.PASS === outcomes.length ? 0 : 125
  const pct = pctOverSeeds(outcomes.flatMap((outcome) => outcome.pct ?? []))
  return {
    tried: outcomes.length,
    perMinute: outcomes.length / minutes,
    verdicts,
    findings: findingsOf(outcomes),
    ...(pct && { pct }),
    exit,
  }
}

function findingsOf(outcomes: readonly SeedOutcome[]): FoundBySearch[] {
  const bySignature = new Map<string, { rule: string; seeds: number[]; run: string | null }>()
  for (const { seed, findings, run } of outcomes) {
    for (const { signature, rule } of findings) {
      const known = bySignature.get(signature)
      if (known === undefined) bySignature.set(signature, { rule, seeds: [seed], run })
      else known.seeds.push(seed)
    }
  }
  const all = [...bySignature].map(([signature, found]) => ({ signature, ...found }))
  return all.sort((a, b) => b.seeds.length - a.seeds.length)
}
