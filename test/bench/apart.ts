import { fork } from 'node:child_process'
import { loadavg } from 'node:os'
import { performance } from 'node:perf_hooks'
import type { Row } from './row.js'
import type { Outcome } from './run-bench.js'

/** What the process of a bench says. */
export type Told = { readonly row: Row } | { readonly outcome: Outcome }

/**
 * Measures in a process of its own, and never throws: what an earlier bench has left on the heap would be measured with it.
 *
 * @param program Path of `one.js`.
 */
export async function runApart(program: string, name: string, onRow: (row: Row) => void): Promise<Outcome> {
  const rows: Row[] = []
  const before = loadavg()
  const began = performance.now()
  let outcome: Outcome | undefined
  // As structured clones: a figure may be no number that JSON has.
  const child = fork(program, [name], { serialization: 'advanced' })
  child.on('message', (told: Told) => {
    if ('outcome' in told) {
      outcome = told.outcome
      return
    }
    rows.push(told.row)
    onRow(told.row)
  })
  const ended = await new Promise<string>((resolve) => {
    child.once('error', ({ message }) => {
      resolve(message)
    })
    child.once('close', (status, signal) => {
      resolve(`its process ended with ${signal ?? `status ${String(status)}`}`)
    })
  })
  const seconds = (performance.now() - began) / 1000
  const failure = { kind: 'failed', reason: ended } as const
  return outcome ?? { name, rows, seconds, load: { before, after: loadavg() }, failure }
}
