import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { BuildContext } from '../../vms/cache.js'
import type { CellJob, Executor, JobEnd } from '../campaign/executor.js'
import type { ResultDocument } from '../verdict/result.js'
import { runScenario } from './run.js'

/** Runs in this process, one after the other: guests need the machine to themselves. */
export function localExecutor(context: BuildContext): Executor {
  return {
    name: 'local',
    slots: 1,
    run: async ({ options, runs }, listener) => {
      const began = Date.now()
      const { result } = await runScenario(options, runs, context, listener)
      return { result, seconds: (Date.now() - began) / 1000 }
    },
    // The process that ran it is gone: either it had got as far as the verdict, or nothing comes of it.
    resume: findEnd,
  }
}

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
