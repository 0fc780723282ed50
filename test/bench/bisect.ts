import { setImmediate } from 'node:timers/promises'
import { compare, leastRight, listCases, nameOf, type Case, type PlainFigures } from './bisect/compare.js'
import type { Peer, Row } from './row.js'
import type { Bench } from './run-bench.js'

const searches = 100
const confidence = 0.99
/** Where runs are to be half of the better peer's. */
const judgedRate = 0.1

/** Runs until the first bad commit is named, beside plain ways that are told how often to repeat to be right as often. */
export const bisectBench: Bench = {
  name: 'bisect',
  async *measure() {
    for (const each of listCases(searches, confidence)) {
      // Each takes long; signals are heard between them.
      await setImmediate()
      yield* rowsOfCase(each)
    }
  },
}

/** Of one kind of history. */
export function rowsOfCase(each: Case): Row[] {
  const { bound, ours, git, syzkaller, gitUntold, gitPathsFirst, gitPathsOnly, oursTold } = compare(each)
  const runs = (peer: Peer): Row => {
    return { what: `${nameOf(each)}: runs`, ours: ours.runs, unit: 'runs', better: 'less', peer }
  }
  const beside = (way: string, figures: PlainFigures | undefined): Row[] =>
    figures === undefined ? [] : [runs({ name: `${way}, ${figures.repeats} repeats`, value: figures.runs })]
  const isJudged = each.rate === judgedRate
  const hasBar = (figures: PlainFigures): boolean =>
    isJudged && figures.runs === Math.min(git.runs, syzkaller.runs)
  const judge = (figures: PlainFigures, rows: readonly Row[]): Row[] =>
    rows.map((row) => (hasBar(figures) ? { ...row, bar: { ratio: 2 } } : row))
  return [
    ...judge(git, beside('git', git)),
    ...judge(syzkaller, beside('syzkaller', syzkaller)),
    ...beside('git not told the rate', gitUntold),
    ...beside('git, fs/nfsd first', gitPathsFirst),
    ...beside('git -- fs/nfsd', gitPathsOnly),
    runs({ name: 'nobody can do with less', value: bound }),
    {
      ...{ what: `${nameOf(each)}: runs, told the rate`, ours: oursTold.runs, unit: 'runs', better: 'less' },
      peer: { name: 'git', value: git.runs },
    },
    {
      ...{ what: `${nameOf(each)}: builds`, ours: ours.builds, unit: 'builds', better: 'less' },
      peer: { name: 'git', value: git.builds },
    },
    {
      ...{ what: `${nameOf(each)}: right`, ours: ours.right, unit: 'of 1', better: 'more' },
      bar: { value: leastRight(confidence, searches) },
    },
  ]
}
