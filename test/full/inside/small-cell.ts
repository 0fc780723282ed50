/**
 * Does a cell on a node without a kernel: CONTROL [slurm-cell] FOLDER. In CONTROL, `log` gets a line when a cell begins and when it has
 * ended, and of one to which something was sent what it has; while there is a file `hold-NODE` the cells of that node go on.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { JobEnd } from '../../../harness/campaign/executor.js'
import { doSlurmCell } from '../../../harness/campaign/slurm-cell.js'
import type { SlurmCell } from '../../../harness/campaign/slurm-spool.js'
import { obtain } from '../../../vms/cache.js'
import { thing } from './thing.js'
import { findingOf, resultOf } from '../../harness/store/store-fixtures.js'

const control = process.argv[2] ?? ''
const folder = process.argv.at(-1) ?? ''
const node = process.env['SLURMD_NODENAME'] ?? ''

async function act({ job, parcel }: SlurmCell): Promise<JobEnd> {
  const { seed, time } = job.options
  const note = (what: string): void => {
    const line = [what, job.cell.scenario, String(seed), String(job.attempt), node]
    appendFileSync(join(control, 'log'), `${line.join(' ')}\n`)
  }
  note('begin')
  if (parcel !== null) {
    const context = {
      announce: () => {
        note('made')
        return () => undefined
      },
      signal: new AbortController().signal,
    }
    const text = readFileSync(join(await obtain(thing, context), 'thing'), 'utf8')
    note(`has ${text}`)
  }
  const run = join(job.runs, `${job.cell.scenario.replaceAll(/\W/g, '-')}-${String(seed)}`)
  mkdirSync(run)
  writeFileSync(join(run, 'console.log'), `${process.env['XDG_CACHE_HOME'] ?? ''}\n`)
  while (existsSync(join(control, `hold-${node}`))) await delay(50)
  const isBad = job.cell.scenario === 'SHRINK01'
  const findings = isBad ? [findingOf('use-at-zero: put')] : []
  const { scenario } = job.cell
  const result = resultOf(isBad ? 'FAIL' : 'PASS', { run, seed, scenario, guestSeconds: time, findings })
  writeFileSync(join(run, 'verdict.json'), `${JSON.stringify(result, null, 2)}\n`)
  note('end')
  return { result, seconds: 0.5 }
}

await doSlurmCell(folder, process.env, act, new AbortController().signal)
