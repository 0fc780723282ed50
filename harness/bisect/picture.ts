import { formatTable } from '../report/text-table.js'
import type { StartEntry } from './log-entry.js'
import type { Progress } from './progress.js'
import { shortId } from './range.js'
import { standingOf, type CommitStanding } from './result.js'
import { goodEnd } from './history.js'

const width = 24
const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']
/** Of a commit that was never tested: less, and it is shown together with its neighbours. */
const leastShown = 0.005

/**
 * The posterior over the commits, oldest first, with what came of the runs of each: a line a commit; commits in a row that
 * were not tested and are unlikely share one.
 */
export function drawPosterior({ range }: Pick<StartEntry, 'range'>, progress: Progress): string {
  const posterior = progress.search.posterior()
  const rows = [['good end', '', '', runsOf(standingOf({ range }, progress, goodEnd, 0)), range.good.subject]]
  let hidden: CommitStanding[] = []
  const flush = (): void => {
    const sum = hidden.reduce((total, { probability }) => total + probability, 0)
    if (hidden.length > 0) rows.push([`${hidden.length} more`, bar(sum), sum.toFixed(3), '', ''])
    hidden = []
  }
  range.candidates.forEach((_, index) => {
    const standing = standingOf({ range }, progress, index, posterior[index] ?? 0)
    const runs = runsOf(standing)
    if (runs === '' && standing.probability < leastShown) hidden.push(standing)
    else {
      flush()
      const { id, subject, probability } = standing
      rows.push([shortId(id), bar(probability), probability.toFixed(3), runs, subject])
    }
  })
  flush()
  return formatTable(rows)
}

function bar(share: number): string {
  const cells = Math.round(share * width * 8)
  return `${'█'.repeat(Math.floor(cells / 8))}${eighths[cells % 8] ?? ''}`.padEnd(width)
}

/** "3 of 7 fail", "skipped", or nothing. */
function runsOf({ hits, misses, skipped }: CommitStanding): string {
  if (skipped !== null) return 'skipped'
  return hits + misses > 0 ? `${hits} of ${hits + misses} fail` : ''
}
