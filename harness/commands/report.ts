import { readFile, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TimelineBuilder } from '../decode/event-timeline.js'
import { FctError, UsageError } from '../fct-error.js'
import { judge, type OracleReport } from '../oracle/oracle.js'
import { renderHtml } from '../report/html.js'
import { readRunLoad } from '../store/run-load.js'
import { readRunConsole } from '../store/run-papers.js'
import type { ResultDocument } from '../verdict/result.js'
import { checkRecording } from './check.js'
import { exitStatus } from './exit-status.js'
import { extrasOf, type RunDocument } from './report-extras.js'
import { writeSite } from './report-site.js'
import { writeText } from './write-text.js'

export interface ReportOptions {
  readonly runs: string
  readonly history: string
  /** Folder for the site; then there is no run. */
  readonly site?: string
  /** Instead of report.html in the run folder. */
  readonly output?: string
}

/** Writes a run's report anew, from what stands in its folder, or the site, and prints where. */
export async function reportCommand(run: string | undefined, options: ReportOptions): Promise<number> {
  if (options.site !== undefined) {
    if (run !== undefined || options.output !== undefined)
      throw new UsageError('FCT_REPORT_USAGE', '--site takes neither a run nor --output')
    await writeSite(options.history, options.site)
    await writeText([`${join(options.site, 'index.html')}\n`])
    return exitStatus.pass
  }
  const folder = run ?? (await newestRun(options.runs))
  const path = options.output ?? join(folder, 'report.html')
  await writeFile(path, await renderRun(folder))
  await writeText([`${path}\n`])
  return exitStatus.pass
}

/** @throws UsageError FCT_REPORT_NO_RUN */
export async function newestRun(runs: string): Promise<string> {
  const names = await readdir(runs).catch(() => [])
  for (const name of names.toSorted().toReversed()) {
    const folder = join(runs, name)
    if ((await stat(join(folder, 'verdict.json')).catch(() => undefined)) !== undefined) return folder
  }
  throw new UsageError('FCT_REPORT_NO_RUN', `there is no finished run in ${runs}`)
}

/**
 * report.html of a run folder. Its verdict is the run's own; lives, rates and losses are read from its trace.
 *
 * @throws UsageError FCT_REPORT_NO_RUN; FctError as checkRecording
 */
export async function renderRun(folder: string): Promise<string> {
  const run = await readDocument<RunDocument>(folder, 'run.json')
  const result = await readDocument<ResultDocument>(folder, 'verdict.json')
  const console = await readRunConsole(folder)
  const timeline = new TimelineBuilder()
  const oracle = await hearAgain(folder, console, timeline)
  const load = await readRunLoad(folder)
  return renderHtml(result, extrasOf({ folder, run, oracle, events: timeline.finish(), load, console }))
}

/** The machine may have gone before it told of any event: then the console is all there is. */
async function hearAgain(folder: string, console: string, beside: TimelineBuilder): Promise<OracleReport> {
  try {
    return (await checkRecording(folder, { flavour: 'auto' }, beside)).oracle
  } catch (error) {
    if (!(error instanceof FctError) || error.code !== 'FCT_TRACE_NOT_FOUND') throw error
    return judge({ trace: null, coverage: 'cut', console, isGuest: true, filecache: [], stressors: [] })
  }
}

/** What the release that wrote it knows to be in it; `readRunPapers` has looked at what is read of all releases. */
async function readDocument<T>(folder: string, name: string): Promise<T> {
  const path = join(folder, name)
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T
  } catch (error) {
    throw new UsageError(
      'FCT_REPORT_NO_RUN',
      `${folder} is not the folder of a finished run`,
      String(error),
      {
        cause: error,
      },
    )
  }
}
