import type { History } from '../../../harness/bisect/history.js'
import { Lineage } from '../../../harness/bisect/lineage.js'
import { createRandom, kernelHistory, linearHistory, pathWeight } from './histories.js'
import { bisectPlainly, gitRule, repeatsNeeded, syzkallerRule, type Rule } from './plain-bisect.js'
import { searchOurs, type Found } from './searchers.js'
import { World, type WorldOptions } from './world.js'

export type HistoryKind = 'linear' | 'merges' | 'merges, paths'

/** A row of the table. */
export interface Case extends WorldOptions {
  readonly kind: HistoryKind
  /** Commits. */
  readonly size: number
  readonly searches: number
  readonly confidence: number
  readonly seed: number
}

/** Means over the searches. */
export interface Figures {
  /** Shares of all searches. */
  readonly right: number
  readonly answered: number
  readonly runs: number
  readonly builds: number
}

export interface Comparison {
  readonly ours: Figures
  /** With the fewest repeats that reach the confidence asked of us: they are told the rate, in effect. */
  readonly git: Figures & { readonly repeats: number }
  readonly syzkaller: Figures & { readonly repeats: number }
  /** Not told the rate, as we are not: with the repeats that reach the confidence at the lowest rate too. */
  readonly gitUntold: Figures & { readonly repeats: number }
}

const lowestRate = 0.02

/** Right shares below this are no chance: so many searches of such a confidence fall short of it once in 1000 times. */
export function leastRight(confidence: number, searches: number): number {
  return confidence - 3.09 * Math.sqrt((confidence * (1 - confidence)) / searches)
}

/** All three ways over the same kind of worlds. The same case gives the same figures. */
export function compare(options: Case): Comparison {
  const random = createRandom(options.seed)
  const histories = createHistories(options, random)
  const worlds = <T>(search: (history: Drawn, world: World) => T, rate = options.rate): T[] =>
    Array.from({ length: options.searches }, (_, index) => {
      const drawn = histories[index % histories.length]!
      return search(drawn, new World(drawn.history, { ...options, rate }, random))
    })
  const ours = average(worlds(({ history }, world) => searchOurs(history, world, options.confidence)))
  const { confidence, searches } = options
  const plainly = (rule: Rule, rate = options.rate): Figures & { repeats: number } => {
    const needs = worlds(({ lineage }, world) => repeatsNeeded(lineage, world, rule), rate)
    needs.sort((left, right) => left - right)
    // Where runs without a verdict count, more may be needed than until the first hit.
    for (
      let repeats = needs[Math.ceil(confidence * needs.length) - 1] ?? 1;
      ;
      repeats = Math.ceil(1.1 * repeats)
    ) {
      const figures = average(worlds(({ lineage }, world) => bisectPlainly(lineage, world, rule, repeats)))
      if (figures.right >= leastRight(confidence, searches)) return { ...figures, repeats }
    }
  }
  return {
    ours,
    git: plainly(gitRule),
    syzkaller: plainly(syzkallerRule),
    gitUntold: plainly(gitRule, Math.min(lowestRate, options.rate)),
  }
}

/** Rates from one run in fifty to every run, on each kind of history, with infrastructure that fails too. */
export function listCases(searches: number, confidence: number): Case[] {
  const kinds: readonly HistoryKind[] = ['linear', 'merges', 'merges, paths']
  const flaky = { size: 1000, errorRate: 0.05, unbuildable: 0.02, searches, confidence }
  return kinds.flatMap((kind, row) =>
    [0.02, 0.05, 0.1, 0.3, 1].map((rate, column) => ({ ...flaky, kind, rate, seed: 10 * row + column })),
  )
}

interface Drawn {
  readonly history: History
  readonly lineage: Lineage
}

function createHistories({ kind, size }: Case, random: () => number): Drawn[] {
  const draw = (): History => {
    if (kind === 'linear') return linearHistory(size)
    return kernelHistory(size, random, kind === 'merges' ? undefined : pathWeight(random))
  }
  return Array.from({ length: kind === 'linear' ? 1 : 20 }, () => {
    const history = draw()
    return { history, lineage: new Lineage(history, 0) }
  })
}

function average(found: readonly Found[]): Figures {
  const mean = (value: (found: Found) => number): number =>
    found.reduce((sum, each) => sum + value(each), 0) / found.length
  return {
    right: mean(({ isRight }) => Number(isRight)),
    answered: mean(({ isAnswer }) => Number(isAnswer)),
    runs: mean(({ runs }) => runs),
    builds: mean(({ builds }) => builds),
  }
}
