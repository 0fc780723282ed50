import type { SearchObserver } from './drive-search.js'
import type { LogEntry, StartEntry } from './log-entry.js'
import { buildableAt, nameOf, shortId, type Range } from './range.js'
import type { BisectDocument, CommitStanding } from './result.js'
import type { Verification } from './verify.js'

/** A line for every step, build and run, with the time that it took. */
export function showSteps({ range }: StartEntry, write: (line: string) => void): SearchObserver {
  return {
    onStep: (candidate, runs, { search }) => {
      const posterior = search.posterior()
      const most = Math.max(...posterior)
      const likeliest = buildableAt(range, posterior.indexOf(most))
      const where = candidate < 0 ? `good end ${range.good.id}` : nameOf(buildableAt(range, candidate))
      write(
        `${where}: up to ${runs} run${runs === 1 ? '' : 's'}; likeliest is ${nameOf(likeliest)} ${most.toFixed(3)}`,
      )
    },
    onEntry: (entry) => {
      const line = describeEntry(entry, range)
      if (line !== undefined) write(line)
    },
  }
}

function describeEntry(entry: LogEntry, range: Range): string | undefined {
  const at = (candidate: number): string => shortId(buildableAt(range, candidate).id)
  switch (entry.kind) {
    case 'start':
      return undefined
    case 'build':
      return `  built in ${entry.seconds.toFixed(1)} s: ${at(entry.candidate)}`
    case 'skip':
      return `  skipped ${at(entry.candidate)}: ${entry.reason}`
    case 'revert':
      return entry.patch === null
        ? `  does not revert: ${entry.reason ?? ''}`
        : `reverted on the bad end: ${entry.patch}`
    case 'run': {
      const others = entry.others.length === 0 ? '' : `; also found: ${entry.others.join(', ')}`
      const where = `${entry.isReverted ? 'without' : 'at'} ${at(entry.candidate)}`
      return `  ${entry.outcome}, ${entry.seconds.toFixed(1)} s ${where}${entry.reason === null ? '' : `: ${entry.reason}`}${others}`
    }
  }
}

const shown = 5

/** What is printed at the end. */
export function describeBisect(document: BisectDocument, picture: string): string {
  const { reasons, runs, rate, seconds, others, verification, state, culprit } = document
  const { perRun, moduleBuild, kernelBuild } = seconds
  const time = (title: string, value: number | null): string[] =>
    value === null ? [] : [`${title} ${value.toFixed(1)} s`]
  const lines = [
    picture,
    '',
    ...reasons.map(({ code, message }) => `${code}: ${message}`),
    mostLikely(document.commits),
    `${runs.hits} runs failed, ${runs.misses} did not, ${runs.nothing} said nothing; a bad commit fails in ${rate.mean.toPrecision(2)} of them (${rate.low.toPrecision(2)} to ${rate.high.toPrecision(2)})`,
    [
      ...time('a run', perRun),
      ...time('nfsd.ko', moduleBuild),
      ...time('a kernel', kernelBuild),
      ...time('all', seconds.total),
    ].join(', '),
    ...others.map(
      ({ signature, runs }) => `also found, in ${runs} run${runs === 1 ? '' : 's'}: ${signature}`,
    ),
    ...(verification === null ? [] : [describeVerification(verification)]),
    `state: ${state}${culprit === null ? '' : ' (mail.txt is a report to send)'}`,
  ]
  return `${lines.filter((line) => line !== '').join('\n')}\n`
}

/** "commit X 0.993, Y 0.005" */
function mostLikely(commits: readonly CommitStanding[]): string {
  const [first, ...rest] = commits.slice(0, shown).filter(({ probability }) => probability >= 0.001)
  if (first === undefined) return 'no commit is likely'
  const more = rest.map((commit) => `, ${nameOf(commit)} ${commit.probability.toFixed(3)}`)
  return `commit ${nameOf(first)} ${first.probability.toFixed(3)}${more.join('')}`
}

function describeVerification({ outcome, hits, misses, needed, reason }: Verification): string {
  const why = reason === null ? '' : `: ${reason.split('\n')[0] ?? ''}`
  if (outcome === 'not reverted') return `verify: not reverted${why}`
  return `verify: ${outcome}${why}; without the culprit ${hits} of ${hits + misses} runs failed, ${needed} without a failure are needed`
}
