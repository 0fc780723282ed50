import type { Measurement } from './bench.js'
import { compare, listCases, nameOf, type Figures } from './bisect/compare.js'

const searches = 100
const confidence = 0.99

/** Runs until the first bad commit is named, beside plain ways that are told how often to repeat to be right as often. */
export function benchBisect(): Promise<Measurement[]> {
  return Promise.resolve(
    listCases(searches, confidence).flatMap((each) => {
      const { bound, ours, git, syzkaller, gitUntold, gitPathsFirst, gitPathsOnly, oursTold } = compare(each)
      const row = (way: string, { right, runs, builds }: Figures): Measurement => ({
        what: `${nameOf(each)}: ${way}: right ${right.toFixed(3)}, ${builds.toFixed(0)} builds`,
        value: runs,
        unit: 'run',
        ratio: git.runs / runs,
      })
      return [
        row(`git, ${git.repeats} repeats`, git),
        row(`syzkaller, ${syzkaller.repeats} instances`, syzkaller),
        row(`git not told the rate, ${gitUntold.repeats} repeats`, gitUntold),
        ...(gitPathsFirst
          ? [row(`git, fs/nfsd first, ${gitPathsFirst.repeats} repeats`, gitPathsFirst)]
          : []),
        ...(gitPathsOnly ? [row('git -- fs/nfsd', gitPathsOnly)] : []),
        row('ours, not told the rate', ours),
        row('ours, told the rate', oursTold),
        {
          what: `${nameOf(each)}: nobody can do with less`,
          value: bound,
          unit: 'run',
          ratio: git.runs / bound,
        },
      ]
    }),
  )
}
