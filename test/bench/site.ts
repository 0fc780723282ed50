import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { promisify } from 'node:util'
import { packageRoot } from '../../harness/folders.js'
import type { Row } from './row.js'
import type { Bench } from './run-bench.js'
import { writeSyntheticHistory, type SyntheticPlan } from './synthetic-history.js'

interface History {
  readonly plan: SyntheticPlan
  /** For the store and the site. */
  readonly mostSeconds?: number
}

const histories: Readonly<Record<string, History>> = {
  '10,000 cells, 2 nights': { plan: { cells: 10_000, nights: 2, seeds: 1, signatures: 40 }, mostSeconds: 60 },
  '250 cells, 40 nights': { plan: { cells: 250, nights: 40, seeds: 1, signatures: 40 } },
}

/** Histories of synthetic runs through the store and the site, as `fctorture report --site` writes it, in a process of its own. */
export const siteBench: Bench = {
  name: 'site',
  async *measure() {
    for (const [name, history] of Object.entries(histories)) yield* await benchHistory(name, history)
  },
}

async function benchHistory(name: string, { plan, mostSeconds }: History): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'fct-site-'))
  try {
    const began = performance.now()
    const database = join(folder, 'history.sqlite')
    writeSyntheticHistory(database, plan)
    const stored = performance.now()
    const site = join(folder, 'site')
    const peakKiB = await reportSite(database, site)
    const written = performance.now()
    const sizes = await Promise.all(
      (await readdir(site)).map(async (file) => (await stat(join(site, file))).size),
    )
    const row = (what: string, ours: number, unit: string): Row => {
      return { what: `${name}: ${what}`, ours, unit, better: 'less' }
    }
    const whole = row('through the store and the site', (written - began) / 1000, 's')
    return [
      mostSeconds === undefined ? whole : { ...whole, bar: { value: mostSeconds } },
      row('of which into the store', (stored - began) / 1000, 's'),
      row('most memory of the process that writes the site', peakKiB / 1024, 'MiB'),
      row(`${sizes.length} files of the site`, sizes.reduce((sum, size) => sum + size, 0) / 2 ** 20, 'MiB'),
    ]
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** @returns the peak of its resident set, KiB (getrusage) */
async function reportSite(database: string, site: string): Promise<number> {
  const program = `
    import { writeSite } from ${JSON.stringify(join(packageRoot, 'dist/harness/commands/report-site.js'))}
    await writeSite(process.argv[1], process.argv[2])
    console.log(process.resourceUsage().maxRSS)`
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--input-type=module',
    '-e',
    program,
    database,
    site,
  ])
  return Number(stdout)
}
