import { lstat, readdir, rm, rmdir } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import type { HistoryReader } from './history.js'

/** How long run folders are kept. */
export interface RetentionPolicy {
  /** Those that found nothing. */
  readonly days: number
  readonly findingDays: number
  /** Of all of them. */
  readonly gigabytes: number
}

export interface Removed {
  readonly folder: string
  readonly bytes: number
  readonly why: 'age' | 'size'
}

interface KeptFolder {
  readonly folder: string
  readonly started: string
  readonly bytes: number
  readonly signatures: readonly string[]
}

const dayMs = 86_400_000

/**
 * Removes run folders that campaigns made below `runs`: by age; then, while they are too large together, those that found nothing
 * first, the oldest first. The newest example of a signature goes by its age only. What the store says of a run stays.
 */
export async function pruneRuns(
  store: HistoryReader,
  { runs, policy, now }: { runs: string; policy: RetentionPolicy; now: Date },
): Promise<Removed[]> {
  const removed: Removed[] = []
  const remove = async ({ folder, bytes }: KeptFolder, why: Removed['why']): Promise<void> => {
    await rm(folder, { recursive: true, force: true })
    await removeEmpty(dirname(folder), runs)
    removed.push({ folder, bytes, why })
  }
  const kept: KeptFolder[] = []
  for await (const folder of foldersOf(store, runs)) {
    const days = folder.signatures.length > 0 ? policy.findingDays : policy.days
    if (now.getTime() - Date.parse(folder.started) > days * dayMs) await remove(folder, 'age')
    else kept.push(folder)
  }
  let bytes = kept.reduce((sum, each) => sum + each.bytes, 0)
  for (const folder of expendable(kept)) {
    if (bytes <= policy.gigabytes * 1e9) break
    await remove(folder, 'size')
    bytes -= folder.bytes
  }
  return removed
}

/** In the order in which they may go. */
function expendable(kept: readonly KeptFolder[]): KeptFolder[] {
  const oldestFirst = [...kept].sort((a, b) => (a.started < b.started ? -1 : 1))
  const newest = new Map(oldestFirst.flatMap((each) => each.signatures.map((signature) => [signature, each])))
  const isExample = new Set(newest.values())
  const [found, nothing] = [true, false].map((wanted) =>
    oldestFirst.filter(({ signatures }) => signatures.length > 0 === wanted),
  )
  return [...(nothing ?? []), ...(found ?? []).filter((each) => !isExample.has(each))]
}

async function* foldersOf(store: HistoryReader, runs: string): AsyncGenerator<KeptFolder> {
  const root = resolve(runs)
  for (const { id } of store.campaigns()) {
    for (const run of store.runsOf(id)) {
      const signatures =
        run.verdict === 'FAIL' ? store.findingsOf(run.id).map(({ signature }) => signature) : []
      const bytes = isBelow(root, run.folder) ? await bytesOf(run.folder) : 0
      if (bytes > 0) yield { folder: run.folder, started: run.started, bytes, signatures }
    }
    for (const { started, job } of store.lostDispatches(id)) {
      const folder = (job as { readonly runs?: unknown }).runs
      if (typeof folder !== 'string' || !isBelow(root, folder)) continue
      const bytes = await bytesOf(folder)
      if (bytes > 0) yield { folder, started, bytes, signatures: [] }
    }
  }
}

function isBelow(root: string, folder: string): boolean {
  const path = relative(root, resolve(folder))
  return path !== '' && !path.startsWith('..')
}

/** What it takes on the disk; 0 if it is gone. */
async function bytesOf(path: string): Promise<number> {
  const stats = await lstat(path).catch(() => undefined)
  if (stats === undefined) return 0
  const own = stats.blocks * 512 || 1
  if (!stats.isDirectory()) return own
  let sum = own
  for (const name of await readdir(path)) sum += await bytesOf(join(path, name))
  return sum
}

/** Folders of attempts and nights that have nothing in them any more. */
async function removeEmpty(folder: string, runs: string): Promise<void> {
  if (!isBelow(resolve(runs), folder)) return
  try {
    await rmdir(folder)
  } catch {
    return
  }
  await removeEmpty(dirname(folder), runs)
}
