import { setImmediate } from 'node:timers/promises'
import {
  compare,
  leastRight,
  listCases,
  nameOf,
  type Case,
  type Figures,
  type PlainFigures,
} from './bisect/compare.js'
import type { Peer, Row } from './row.js'
import type { Bench } from './run-bench.js'

const searches = 100
const confidence = 0.99
/** Where runs are to be half of the better peer's. */
const judgedRate = 0.1

/** Runs until the first bad commit is named, beside plain ways that repeat as often as it takes to be right as often. */
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

/**
 * Of one kind of history. Like is held beside like, and judged so: told the rate beside told the rate, and who must learn it
 * beside who must learn it. What ours must learn is shown beside git that is told as well, without a bar.
 */
export function rowsOfCase(each: Case): Row[] {
  const { bound, ours, git, syzkaller, gitUntold, gitPathsFirst, gitPathsOnly, oursTold } = compare(each)
  const bar = each.rate === judgedRate ? { bar: { ratio: 2 } } : {}
  const runs = (told: string, { runs }: Figures, peer: Peer): Row => {
    return { what: `${nameOf(each)}: runs${told}`, ours: runs, unit: 'runs', better: 'less', peer }
  }
  const peerOf = (way: string, { repeats, runs }: PlainFigures): Peer => {
    return { name: `${way}, ${repeats.toFixed(0)} repeats`, value: runs }
  }
  const besideTold = (way: string, figures: PlainFigures | undefined): Row[] =>
    figures === undefined ? [] : [runs(', told the rate', oursTold, peerOf(way, figures))]
  const isBetter = git.runs <= syzkaller.runs
  return [
    { ...runs('', ours, peerOf('git not told the rate', gitUntold)), ...bar },
    runs('', ours, peerOf('git told the rate', git)),
    ...besideTold('git', git).map((row) => ({ ...row, ...(isBetter && bar) })),
    ...besideTold('syzkaller', syzkaller).map((row) => ({ ...row, ...(!isBetter && bar) })),
    ...besideTold('git, fs/nfsd first', gitPathsFirst),
    ...besideTold('git -- fs/nfsd', gitPathsOnly),
    runs(', told the rate', oursTold, { name: 'nobody can do with less', value: bound }),
    {
      ...{ what: `${nameOf(each)}: builds`, ours: ours.builds, unit: 'builds', better: 'less' },
      peer: { name: 'git', value: git.builds },
    },
    ...[
      { what: `${nameOf(each)}: right`, ours: ours.right },
      { what: `${nameOf(each)}: right, told the rate`, ours: oursTold.right },
    ].map((row) => {
      const rest = { unit: 'of 1', better: 'more', bar: { value: leastRight(confidence, searches) } } as const
      return { ...row, ...rest }
    }),
  ]
}
