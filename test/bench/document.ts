import type { MachineFacts } from './machine.js'
import { isMet, marginOf, ratioOf, type Row } from './row.js'
import type { Outcome } from './run-bench.js'

/** What all of it is about: when, and on what. */
export interface BenchRun {
  /** ISO 8601, UTC. */
  readonly began: string
  readonly machine: MachineFacts
}

/** The JSON document (README.md). Numbers that JSON does not have are null. */
export function renderDocument({ began, machine }: BenchRun, outcomes: readonly Outcome[]): string {
  const benches = outcomes.map(({ rows, failure = null, ...rest }) => {
    return { ...rest, failure, rows: rows.map(describeRow) }
  })
  return `${JSON.stringify({ schema: 1, began, machine, benches }, null, 2)}\n`
}

function describeRow(row: Row): object {
  const { what, ours, unit, better, peer = null, bar = null } = row
  const judged = { ratio: ratioOf(row) ?? null, margin: marginOf(row) ?? null, met: isMet(row) ?? null }
  return { what, ours, unit, better, peer, bar, ...judged }
}
