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
  /** At our accuracy, with the fewest repeats that reach it: they are told the rate, in effect. */
  readonly git: Figures & { readonly repeats: number }
  readonly syzkaller: Figures & { readonly repeats: number }
}

const size = 1000

/** All three ways over the same kind of worlds. The same case gives the same figures. */
export function compare(options: Case): Comparison {
  const random = createRandom(options.seed)
  const histories = createHistories(options.kind, random)
  const worlds = <T>(search: (history: Drawn, world: World) => T): T[] =>
    Array.from({ length: options.searches }, (_, index) => {
      const drawn = histories[index % histories.length]!
      return search(drawn, new World(drawn.history, options, random))
    })
  const ours = average(worlds(({ history }, world) => searchOurs(history, world, options.confidence)))
  const plainly = (rule: Rule): Figures & { repeats: number } => {
    const needs = worlds(({ lineage }, world) => repeatsNeeded(lineage, world, rule)).sort((a, b) => a - b)
    const repeats = needs[Math.ceil(ours.right * needs.length) - 1] ?? 1
    return {
      ...average(worlds(({ lineage }, world) => bisectPlainly(lineage, world, rule, repeats))),
      repeats,
    }
  }
  return { ours, git: plainly(gitRule), syzkaller: plainly(syzkallerRule) }
}

interface Drawn {
  readonly history: History
  readonly lineage: Lineage
}

function createHistories(kind: HistoryKind, random: () => number): Drawn[] {
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
