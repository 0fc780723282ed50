import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ResultDocument } from '../verdict/result.js'
import type { CellJob, JobEnd } from './executor.js'

/** What a job has left in its folder; null if there is no verdict, or half of one. */
export async function findEnd({ runs }: Pick<CellJob, 'runs'>): Promise<JobEnd | null> {
  for (const folder of await readdir(runs).catch(() => [])) {
    const path = join(runs, folder, 'verdict.json')
    const text = await readFile(path, 'utf8').catch(() => '')
    // The closing brace of the document is written last.
    if (!text.endsWith('\n}\n')) continue
    const [began, ended] = [await stat(join(runs, folder)), await stat(path)]
    const seconds = Math.max(0, ended.mtimeMs - began.birthtimeMs) / 1000
    return { result: JSON.parse(text) as ResultDocument, seconds }
  }
  return null
}
