import { cellKey, type Campaign, type HistoryRun } from '../store/history-records.js'
import type { HistoryReader } from '../store/history.js'
import type { NightRecord, NightRun } from './nights.js'

/** A night, and those of the same plan that began before it; oldest first. Runs are read while they are asked for. */
export function nightsUntil(
  store: HistoryReader,
  last: Pick<Campaign, 'id' | 'name' | 'started'>,
): NightRecord[] {
  return [...store.campaigns()]
    .filter(({ id, name, started }) => name === last.name && (started < last.started || id === last.id))
    .sort((one, other) =>
      one.started < other.started ? -1 : one.started > other.started ? 1 : one.id - other.id,
    )
    .map(({ id, name, started, ended }) => ({ night: { id, name, started, ended }, runs: runsOf(store, id) }))
}

/** The runs of one night, from the beginning each time that they are asked for. */
function runsOf(store: HistoryReader, campaign: number): Iterable<NightRun> {
  return {
    *[Symbol.iterator]() {
      for (const run of store.runsOf(campaign)) yield toNightRun(store, run)
    },
  }
}

function toNightRun(store: HistoryReader, run: HistoryRun): NightRun {
  const { id, cell, seed, attempt, started, seconds, guestSeconds, verdict, reasons } = run
  const { kernelRelease: release, kernelHash: hash, flavour } = run
  return {
    ...{ id, key: cellKey(cell), cell, seed, attempt, started, seconds, guestSeconds, verdict, reasons },
    kernel: { release, hash, flavour },
    // Only what failed has any.
    findings: verdict === 'FAIL' ? store.findingsOf(id) : [],
  }
}
