import type { StartEntry } from './log-entry.js'
import type { Progress } from './progress.js'
import { buildableAt, type Buildable } from './range.js'

/**
 * What `git bisect log` would print, for `git bisect replay`. A commit that never failed is good where it is good with the
 * confidence asked for; one of which that is not known yet is a comment.
 */
export function gitBisectLog(
  { range }: Pick<StartEntry, 'range'>,
  progress: Progress,
  confidence: number,
): string {
  const { candidates, good } = range
  const posterior = progress.search.posterior()
  const last = candidates.length - 1
  const bads = new Set([last])
  const lines: string[] = []
  const decided = new Set<number>()
  const say = (index: number): void => {
    if (index < 0 || decided.has(index)) return
    decided.add(index)
    const commit = buildableAt(range, index)
    const { hits, misses, unbuildable } = progress.search.tally(index)
    const isBad = sumOf(posterior, ancestorsOf(range, index))
    if (hits > 0) bads.add(index)
    else if (unbuildable) lines.push(...mark('skip', commit))
    else if (isBad <= 1 - confidence) lines.push(...mark('good', commit))
    else if (misses > 0) lines.push(`# undecided: ${misses} runs without a failure: ${titled(commit)}`)
  }
  for (const { candidate, isReverted } of progress.runs) if (!isReverted) say(candidate)
  for (const { candidate } of progress.skips) say(candidate)
  const culprit = posterior.findIndex((probability) => probability >= confidence)
  const commit = candidates[culprit]
  // The commits around it may not have been run themselves, if others tell enough of them.
  commit?.parents.forEach(say)
  // To git the last bad one is the one that counts.
  const ordered = [...bads].filter((index) => index !== culprit).sort((a, b) => b - a)
  if (commit) ordered.push(culprit)
  return [
    'git bisect start',
    ...ordered.flatMap((index) => mark('bad', buildableAt(range, index))),
    ...mark('good', good),
    ...lines,
    ...(commit ? [`# first bad commit: ${titled(commit)}`] : []),
    '',
  ].join('\n')
}

function mark(term: 'good' | 'bad' | 'skip', commit: Buildable): string[] {
  return [`# ${term}: ${titled(commit)}`, `git bisect ${term} ${commit.id}`]
}

function titled({ id, subject }: Buildable): string {
  return `[${id}] ${subject}`
}

/** With itself; as a set of candidates. */
function ancestorsOf({ candidates }: StartEntry['range'], index: number): Set<number> {
  const found = new Set([index])
  for (const member of found) candidates[member]?.parents.forEach((parent) => found.add(parent))
  return found
}

function sumOf(values: Float64Array, indices: ReadonlySet<number>): number {
  let sum = 0
  for (const index of indices) sum += values[index] ?? 0
  return sum
}
