import { statfs } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { performance } from 'node:perf_hooks'
import { installedPackages } from '../../harness/doctor/checks/packages.js'
import { FctError, messageOf } from '../../harness/fct-error.js'
import type { Row } from './row.js'

/** A bench: a name to call it by, and what it measures. */
export interface Bench {
  readonly name: string
  readonly needs?: Needs
  /** Row by row, so that what was measured stays when the next one cannot be. */
  measure(): AsyncIterable<Row> | Iterable<Row>
}

/** What a bench needs beyond what every run does. */
export interface Needs {
  /** Of Debian. */
  readonly packages?: readonly string[]
  /** In the folder for temporary files, MiB. */
  readonly scratchMiB?: number
}

/** What came of a bench, however it ended. */
export interface Outcome {
  readonly name: string
  readonly rows: readonly Row[]
  /** Why rows are missing. */
  readonly failure?: Failure
  readonly seconds: number
  /** Averages over 1, 5 and 15 minutes. */
  readonly load: { readonly before: readonly number[]; readonly after: readonly number[] }
}

export interface Failure {
  /** `lacking`: it was not begun, because the machine has not what it needs. */
  readonly kind: 'lacking' | 'failed'
  readonly reason: string
}

/** Measures, and never throws. */
export async function runBench(bench: Bench, onRow: (row: Row) => void): Promise<Outcome> {
  const rows: Row[] = []
  const before = loadavg()
  const began = performance.now()
  const failure = await attempt(bench, (row) => {
    rows.push(row)
    onRow(row)
  })
  const seconds = (performance.now() - began) / 1000
  const load = { before, after: loadavg() }
  return { name: bench.name, rows, seconds, load, ...(failure && { failure }) }
}

async function attempt(bench: Bench, onRow: (row: Row) => void): Promise<Failure | undefined> {
  try {
    const lack = await findLack(bench.needs ?? {})
    if (lack !== undefined) return { kind: 'lacking', reason: lack }
    for await (const row of bench.measure()) onRow(row)
    return undefined
  } catch (error) {
    return { kind: 'failed', reason: reasonOf(error) }
  }
}

async function findLack({ packages = [], scratchMiB = 0 }: Needs): Promise<string | undefined> {
  // Without a name dpkg would list them all.
  const installed = packages.length === 0 ? undefined : installedPackages(packages)
  const missing = packages.filter((name) => installed?.has(name) === false)
  if (missing.length > 0) return `not installed: apt-get install --no-install-recommends ${missing.join(' ')}`
  const { bavail, bsize } = await statfs(tmpdir())
  const freeMiB = Math.floor((bavail * bsize) / 2 ** 20)
  if (freeMiB < scratchMiB) return `${tmpdir()} has ${freeMiB} MiB free, ${scratchMiB} are needed`
  return undefined
}

function reasonOf(error: unknown): string {
  const detail = error instanceof FctError && error.detail !== '' ? `\n${error.detail}` : ''
  return `${messageOf(error)}${detail}`
}
