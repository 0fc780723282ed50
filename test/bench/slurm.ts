import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { execa } from 'execa'
import type { CellJob, JobListener } from '../../harness/campaign/executor.js'
import { listElements, submitArray } from '../../harness/campaign/slurm-client.js'
import { SlurmExecutor } from '../../harness/campaign/slurm-executor.js'
import { startSlurm } from '../slurm-cluster.js'
import type { Peer, Row } from './row.js'
import type { Bench } from './run-bench.js'

const cells = 64
/** As many as the two nodes have CPUs for, two a cell. */
const atOnce = 8

/**
 * What handing out a cell costs, beside the cell: the same array by Slurm alone, then through the executor with cells that do nothing,
 * all handed over at once and as a campaign does it, the next one when one has ended.
 */
export const slurmBench: Bench = {
  name: 'slurm',
  async *measure() {
    const folder = mkdtempSync(join(tmpdir(), 'fct-bench-slurm-'))
    const cluster = await startSlurm()
    const before = { ...process.env }
    Object.assign(process.env, cluster.env)
    try {
      yield* await measureCells(folder)
    } finally {
      process.env = before
      await cluster.end()
      rmSync(folder, { recursive: true })
    }
  },
}

async function measureCells(folder: string): Promise<Row[]> {
  const alone = await timed(() => slurmAlone(folder))
  const array = await timed(() => throughExecutor(folder, cells))
  await spoolIsClear(folder)
  const turns = await timed(() => throughExecutor(folder, atOnce))
  await spoolIsClear(folder)
  const start = await timed(async () => {
    for (let count = 0; count < 4; count++) await execa(process.execPath, ['-e', ''])
  })
  const each = (seconds: number, of = cells): number => (1000 * seconds) / of
  const row = (what: string, ours: number): Row => ({ what, ours, unit: 'ms', better: 'less' })
  const peer: Peer = { name: `\`true\` in an array of ${cells}, by Slurm alone`, value: each(alone) }
  return [
    { ...row(`a cell that does nothing, ${cells} in one array`, each(array)), peer },
    { ...row(`a cell that does nothing, ${atOnce} out at once`, each(turns)), peer },
    row('of which Node takes to start', each(start, 4)),
  ]
}

async function timed(act: () => Promise<void>): Promise<number> {
  const began = performance.now()
  await act()
  return (performance.now() - began) / 1000
}

async function slurmAlone(folder: string): Promise<void> {
  const request = { name: 'fct-alone', size: cells, minutes: 5, constraint: undefined, cache: undefined }
  await submitArray({ folder, command: ['true'], ...request })
  while (!(await listElements()).every(({ isOver }) => isOver)) await delay(100)
}

async function throughExecutor(folder: string, slots: number): Promise<void> {
  const spool = join(folder, 'spool')
  mkdirSync(spool, { recursive: true })
  const program = join(folder, 'cell.mjs')
  const cell = new URL('../../harness/campaign/slurm-cell.js', import.meta.url)
  writeFileSync(
    program,
    `import { doSlurmCell } from ${JSON.stringify(cell)}
     const act = ({ job }) => ({ result: { verdict: 'PASS', run: job.runs }, seconds: 0 })
     await doSlurmCell(process.argv[2], process.env, act, new AbortController().signal)`,
  )
  const executor = new SlurmExecutor({
    ...{ spool, slots, minutesBesideLoad: 5, command: [process.execPath, program] },
    say: (line) => process.stderr.write(`${line}\n`),
  })
  const jobs = Array.from({ length: cells }, (_, index) => jobOf(folder, index))
  const { signal } = new AbortController()
  const takeTurns = async (): Promise<void> => {
    for (let job = jobs.pop(); job !== undefined; job = jobs.pop()) {
      if ((await executor.run(job, quiet, signal)) === null) throw new Error('a cell was lost')
    }
  }
  await Promise.all(Array.from({ length: slots }, takeTurns))
}

/** The executor looks once more when it has all ends. */
async function spoolIsClear(folder: string): Promise<void> {
  while (readdirSync(join(folder, 'spool')).length > 0) await delay(100)
}

const quiet: JobListener = {
  onReference: () => undefined,
  onPhase: () => undefined,
  onLoad: () => undefined,
  onFinding: () => undefined,
}

function jobOf(folder: string, seed: number): CellJob {
  const kernel = { name: 'debian:6.1', patches: [], profile: 'stock' } as const
  return {
    cell: { kernel: kernel.name, profile: 'stock', scenario: 'CLOSE01', target: 'qemu', patches: [] },
    ...{ attempt: 1, options: { scenario: 'CLOSE01', kernel, time: 1, seed } },
    runs: join(folder, 'runs', String(seed)),
  }
}
