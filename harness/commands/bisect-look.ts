import { readdir, stat } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { logPathIn, readBisectLog } from '../bisect/bisect-log.js'
import type { EndReason } from '../bisect/drive-search.js'
import { gitBisectLog } from '../bisect/git-bisect-log.js'
import type { StartEntry } from '../bisect/log-entry.js'
import { drawPosterior } from '../bisect/picture.js'
import { Progress } from '../bisect/progress.js'
import { culpritOf, documentOf, toJson, type BisectDocument } from '../bisect/result.js'
import { describeBisect } from '../bisect/show.js'
import { runsToVerify, verificationOf } from '../bisect/verify.js'
import { UsageError } from '../fct-error.js'
import { bisectsFolder } from '../folders.js'
import { exitStatus } from './exit-status.js'

export interface ReplayOptions {
  readonly confidence: number
  readonly json?: boolean
}

/** `--replay LOG`: what a log comes to, without running anything. */
export async function replayCommand(path: string, options: ReplayOptions): Promise<number> {
  const { document, picture } = await replay(path, options.confidence)
  process.stdout.write(options.json === true ? toJson(document) : describeBisect(document, picture))
  return document.exit
}

/** `bisect status [STATE]`: how far a search is. */
export async function statusCommand(state: string | undefined, options: ReplayOptions): Promise<number> {
  await replayCommand(logPathIn(state ?? (await latestState())), options)
  return exitStatus.pass
}

/** `bisect log [STATE]`: for `git bisect replay`. */
export async function logCommand(
  state: string | undefined,
  { confidence }: Pick<ReplayOptions, 'confidence'>,
): Promise<number> {
  const { start, progress } = await tell(logPathIn(state ?? (await latestState())), confidence)
  if (start.source.kind !== 'tree')
    throw new UsageError('FCT_BISECT_NOT_GIT', 'a series of patches has no commits that git could replay')
  process.stdout.write(gitBisectLog(start, progress, confidence))
  return exitStatus.pass
}

async function replay(
  path: string,
  confidence: number,
): Promise<{ document: BisectDocument; picture: string }> {
  const { start, progress } = await tell(path, confidence)
  const step = progress.search.next(progress.costs())
  const reason: EndReason = step.kind === 'done' ? step.reason : 'unfinished'
  const culprit = culpritOf(progress, reason)
  const verification =
    culprit === undefined || progress.revert?.candidate !== culprit
      ? null
      : verificationOf(progress, culprit, runsToVerify(progress, confidence))
  const conclusion = { start, progress, reason, confidence, verification, state: dirname(resolve(path)) }
  return { document: documentOf(conclusion), picture: drawPosterior(start, progress) }
}

async function tell(path: string, confidence: number): Promise<{ start: StartEntry; progress: Progress }> {
  const { start, entries } = await readBisectLog(path)
  const progress = new Progress(start, confidence)
  for (const entry of entries) progress.add(entry)
  return { start, progress }
}

async function latestState(): Promise<string> {
  const folders = await readdir(bisectsFolder()).catch(() => [])
  const states = folders
    .map((name) => join(bisectsFolder(), name))
    .filter((state) => existsSync(logPathIn(state)))
  const dated = await Promise.all(
    states.map(async (state) => ({ state, time: (await stat(logPathIn(state))).mtimeMs })),
  )
  const [latest] = dated.sort((a, b) => b.time - a.time)
  if (latest === undefined)
    throw new UsageError('FCT_BISECT_NO_LOG', `there is no search in ${bisectsFolder()}; name its folder`)
  return latest.state
}
