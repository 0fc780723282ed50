import { Lineage } from '../../../harness/bisect/lineage.js'
import { leastRuns } from './bound.js'
import { createRandom, kernelHistory, linearHistory, withPaths, type PathHistory } from './histories.js'
import {
  bisectPlainly,
  estimateRuns,
  gitRule,
  repeatsNeeded,
  syzkallerRule,
  type Plain,
} from './plain-bisect.js'
import { searchOurs, type Found } from './searchers.js'
import { World, type WorldOptions } from './world.js'

/** `paths`: of each commit it is known what it touches, and the culprit is where our prior expects it. */
export type HistoryKind = 'linear' | 'merges' | 'linear, paths' | 'merges, paths'

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

/** Of a plain way, with the fewest repeats that reach the confidence asked of us; where they are estimated, on average. */
export type PlainFigures = Figures & { readonly repeats: number }

export interface Comparison {
  /** Runs on average that nobody can do without. */
  readonly bound: number
  readonly ours: Figures
  /** Told the rate, as git and syzkaller are. */
  readonly oursTold: Figures
  /** They are told the rate, in effect: their repeats are chosen by it. */
  readonly git: PlainFigures
  readonly syzkaller: PlainFigures
  /** Not told the rate, as we are not: it estimates it at the bad end first, and repeats by that. */
  readonly gitUntold: PlainFigures
  /** Where paths are known: fs/nfsd is halved first, and then what is left if it was not there. */
  readonly gitPathsFirst?: PlainFigures
  /** Where paths are known: `git bisect start -- fs/nfsd`, with the repeats of `gitPathsFirst`; wrong if it was not there. */
  readonly gitPathsOnly?: PlainFigures
}

/**
 * Failures of the bad end until its rate counts as known. Where `k` were seen, a commit that is bad is taken for good in
 * `(1 + c / k) ** -k` of the cases, if it is run `c` times as often as a failure took. Over a thousand commits, of which five are
 * judged good and five bad, `k + 5c` is least at 12 if one search in a hundred may go wrong, and 1 % more at 10 or 15.
 */
const estimateHits = 12

/** Searches in which it is looked for what a plain way needs: of a hundred, one alone would decide it. */
const searchesOfNeeds = 1000

/** Right shares below this are no chance: so many searches of such a confidence fall short of it once in 1000 times. */
export function leastRight(confidence: number, searches: number): number {
  return confidence - 3.09 * Math.sqrt((confidence * (1 - confidence)) / searches)
}

/** A description of a world, as the table has it. */
export function nameOf({ kind, rate, concentration }: Case): string {
  return `${kind}, ${rate}${concentration === undefined ? '' : `, changing (${concentration})`}`
}

type Way = (drawn: Drawn) => Omit<Plain, 'repeats'>
type RepeatsIn = (drawn: Drawn, world: World) => number

/** All ways over the same kind of worlds. The same case gives the same figures. */
export function compare(options: Case): Comparison {
  const random = createRandom(options.seed)
  const histories = createHistories(options, random)
  const { confidence, searches, rate } = options
  const worlds = <T>(search: (drawn: Drawn, world: World) => T, count = searches): T[] =>
    Array.from({ length: count }, (_, index) => {
      const drawn = histories[index % histories.length]!
      return search(drawn, new World(drawn.history, options, random))
    })
  const run = (way: Way, repeatsIn: RepeatsIn): PlainFigures => {
    const found = worlds((drawn, world) => {
      const repeats = repeatsIn(drawn, world)
      return { repeats, ...bisectPlainly(drawn.lineage, world, { ...way(drawn), repeats }) }
    })
    return { ...average(found), repeats: found.reduce((sum, { repeats }) => sum + repeats, 0) / searches }
  }
  /** @param unit What repeats are multiples of. */
  const plainly = (way: Way, unit: RepeatsIn = () => 1): PlainFigures => {
    const needsOf = (drawn: Drawn, world: World): number =>
      repeatsNeeded(drawn.lineage, world, way(drawn)) / unit(drawn, world)
    const needs = worlds(needsOf, searchesOfNeeds).sort((left, right) => left - right)
    // Where runs without a verdict count, more may be needed than until the first hit.
    for (let factor = needs[Math.ceil(confidence * needs.length) - 1] ?? 1; ; factor *= 1.1) {
      const figures = run(way, (drawn, world) => Math.ceil(factor * unit(drawn, world)))
      if (figures.right >= leastRight(confidence, searches)) return figures
    }
  }
  const bounds = histories.map(({ history }) => leastRuns(history, options))
  const told = { low: rate, high: rate }
  const git: Way = () => ({ rule: gitRule })
  const comparison = {
    bound: bounds.reduce((sum, bound) => sum + bound, 0) / bounds.length,
    ours: average(worlds(({ history }, world) => searchOurs(history, world, confidence))),
    git: plainly(git),
    syzkaller: plainly(() => ({ rule: syzkallerRule })),
    gitUntold: plainly(git, ({ lineage }, world) => estimateRuns(lineage, world, estimateHits)),
    oursTold: average(worlds(({ history }, world) => searchOurs(history, world, confidence, told))),
  }
  if (!hasPaths(options)) return comparison
  const pathsFirst: Way = ({ history }) => ({ rule: gitRule, first: history.isOfNfsd })
  const gitPathsFirst = plainly(pathsFirst)
  const pathsOnly: Way = (drawn) => ({ ...pathsFirst(drawn), isOnlyThose: true })
  const gitPathsOnly = run(pathsOnly, () => gitPathsFirst.repeats)
  return { ...comparison, gitPathsFirst, gitPathsOnly }
}

/**
 * Rates from one run in fifty to every run on each kind of history, and rates that change from commit to commit; with
 * infrastructure that fails too.
 */
export function listCases(searches: number, confidence: number): Case[] {
  const kinds: readonly HistoryKind[] = ['linear', 'merges', 'merges, paths', 'linear, paths']
  const flaky = { size: 1000, errorRate: 0.05, unbuildable: 0.02, searches, confidence }
  const same = kinds.flatMap((kind, row) =>
    [0.02, 0.05, 0.1, 0.3, 1].map((rate, column) => ({ ...flaky, kind, rate, seed: 10 * row + column })),
  )
  const changing = kinds.map((kind, row) => ({
    ...flaky,
    kind,
    rate: 0.3,
    concentration: 24,
    seed: 100 + row,
  }))
  return [...same, ...changing]
}

interface Drawn {
  readonly history: PathHistory
  readonly lineage: Lineage
}

function hasPaths({ kind }: Case): boolean {
  return kind.endsWith(', paths')
}

function createHistories(options: Case, random: () => number): Drawn[] {
  const { kind, size } = options
  const draw = (): PathHistory => {
    const history = kind.startsWith('linear') ? linearHistory(size) : kernelHistory(size, random)
    return hasPaths(options) ? withPaths(history, random) : { ...history, isOfNfsd: [] }
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
