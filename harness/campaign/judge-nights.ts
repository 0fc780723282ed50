import { countNights, type CellTonight, type Series } from './count-nights.js'
import { judgeSeries, type SeriesJudgement } from './judge-series.js'
import type { Night, NightRecord } from './nights.js'
import type { Rate } from './rate.js'

/** Of one signature, or one cause of trouble, in one cell. */
export interface Judgement extends Omit<SeriesJudgement, 'change' | 'firstSeen' | 'lastSeen'> {
  /** The cell's name. */
  readonly cell: string
  /** The finding's signature, or the code of the trouble. */
  readonly what: string
  /** Of `worse` and `better`: when the first night of the new rate began, and that rate. */
  readonly change: { readonly since: string; readonly rate: Rate } | null
  /** When those nights began. */
  readonly firstSeen: string
  readonly lastSeen: string
  /** Releases of the kernels that showed it in this cell. */
  readonly kernels: readonly string[]
  /** Other cells of tonight that have, or had, it too. */
  readonly elsewhere: readonly string[]
}

/** Tonight against all nights before. */
export interface NightJudgement {
  readonly schema: 1
  readonly night: Night
  readonly nightsBefore: number
  /** Cells that ran tonight. */
  readonly cells: readonly CellTonight[]
  readonly findings: readonly Judgement[]
  /** What was no fault of the kernel: ERROR and INCONCLUSIVE, by the code of their first reason. */
  readonly troubles: readonly Judgement[]
}

/**
 * @param records Oldest first; the last is the night that is judged. They are read once, run by run.
 * @throws RangeError without any night.
 */
export function judgeNights(records: Iterable<NightRecord>): NightJudgement {
  const nights: Night[] = []
  const counts = countNights(remember(records, nights))
  const night = nights.at(-1)
  if (night === undefined) throw new RangeError('there is no night to judge')
  return {
    schema: 1,
    night,
    nightsBefore: nights.length - 1,
    cells: counts.tonight,
    findings: judgeAll(counts.findings, nights),
    troubles: judgeAll(counts.troubles, nights),
  }
}

function* remember(records: Iterable<NightRecord>, nights: Night[]): Generator<NightRecord> {
  for (const record of records) {
    nights.push(record.night)
    yield record
  }
}

function judgeAll(all: readonly Series[], nights: readonly Night[]): Judgement[] {
  const cells = new Map<string, string[]>()
  for (const { what, key } of all) cells.set(what, [...(cells.get(what) ?? []), key])
  return all.flatMap((series) => {
    const judged = judgeSeries(series.nights)
    if (judged === null) return []
    const { firstSeen, lastSeen, change, ...rest } = judged
    const at = (index: number): string => nights[series.nightIndices[index] ?? -1]?.started ?? ''
    return {
      cell: series.key,
      what: series.what,
      ...rest,
      change: change && { since: at(change.since), rate: change.rate },
      firstSeen: at(firstSeen),
      lastSeen: at(lastSeen),
      kernels: series.kernels,
      elsewhere: (cells.get(series.what) ?? []).filter((key) => key !== series.key),
    }
  })
}
