import { copyFile, mkdir, open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { siteAssets } from '../report/site/layout.js'
import { openSite } from '../report/site/site.js'
import { tallyHistory, type Tally } from '../report/site/tally.js'
import { HistoryReader } from '../store/history.js'
import { HistorySource, reportPage } from './site-source.js'

const options = { isLive: false }

/** Reports that go along with the site: those of the newest runs of each signature. */
const reportsPerSignature = 3

/** Writes the whole history as a static site into a folder; what stands there under other names stays. */
export async function writeSite(database: string, folder: string): Promise<{ readonly pages: number }> {
  const history = new HistoryReader(database)
  try {
    const source = new HistorySource(history)
    const tally = await tallyHistory(source)
    await mkdir(folder, { recursive: true })
    for (const [name, text] of siteAssets(options)) await writeFile(join(folder, name), text)
    const reports = await copyReports(tally, source, folder)
    const reportOf = (run: number): string | null => (reports.has(run) ? reportPage(run) : null)
    const site = openSite(tally, source, reportOf, options)
    let pages = 0
    for (const path of site.paths) {
      await writePieces(join(folder, path), site.render(path) ?? [])
      pages++
    }
    return { pages }
  } finally {
    history.close()
  }
}

async function copyReports(
  { signatures }: Tally,
  source: HistorySource,
  folder: string,
): Promise<Set<number>> {
  const runs = new Set(
    signatures.flatMap(({ examples }) => examples.slice(0, reportsPerSignature).map(({ run }) => run)),
  )
  for (const run of runs) {
    const path = source.reportFile(run)
    if (path === undefined) runs.delete(run)
    else await copyFile(path, join(folder, reportPage(run)))
  }
  return runs
}

/** Pieces are small: they are gathered into writes of some size. */
async function writePieces(path: string, pieces: Iterable<string>): Promise<void> {
  const file = await open(path, 'w')
  try {
    let gathered: string[] = []
    let length = 0
    for (const piece of pieces) {
      gathered.push(piece)
      length += piece.length
      if (length < 1 << 16) continue
      await file.appendFile(gathered.join(''))
      gathered = []
      length = 0
    }
    await file.appendFile(gathered.join(''))
  } finally {
    await file.close()
  }
}
