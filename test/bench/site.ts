import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { promisify } from 'node:util'
import { packageRoot } from '../../harness/folders.js'
import type { Measurement } from './bench.js'
import { writeSyntheticHistory, type SyntheticPlan } from './synthetic-history.js'

const histories: Readonly<Record<string, SyntheticPlan>> = {
  '10,000 cells, 2 nights': { cells: 10_000, nights: 2, seeds: 1, signatures: 40 },
  '250 cells, 40 nights': { cells: 250, nights: 40, seeds: 1, signatures: 40 },
}

/** Histories of synthetic runs through the store and the site, as `fctorture report --site` writes it, in a process of its own. */
export async function benchSite(): Promise<Measurement[]> {
  const rows: Measurement[] = []
  for (const [name, plan] of Object.entries(histories)) rows.push(...(await benchHistory(name, plan)))
  return rows
}

async function benchHistory(name: string, plan: SyntheticPlan): Promise<Measurement[]> {
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
    const measure = (what: string, value: number, unit: string): Measurement => {
      return { what: `${name}: ${what}`, value, unit, ratio: undefined }
    }
    return [
      measure('into the store', (stored - began) / 1000, 's'),
      measure('the site from it', (written - stored) / 1000, 's'),
      measure('most memory of the process that writes the site', peakKiB / 1024, 'MiB'),
      measure(
        `${String(sizes.length)} files of the site`,
        sizes.reduce((sum, size) => sum + size, 0) / 2 ** 20,
        'MiB',
      ),
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
