import { existsSync } from 'node:fs'
import { mkdir, open, readFile, truncate, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import lockfile from 'proper-lockfile'
import { FctError, UsageError, messageOf } from '../fct-error.js'
import { storeFailure } from '../store/store-failure.js'
import { logEntry, type LogEntry, type StartEntry } from './log-entry.js'

/** A log that has begun: what it is about, and what came of it. */
export interface LogContent {
  readonly start: StartEntry
  readonly entries: readonly LogEntry[]
}

/** A log that is written to: a line of JSON each, on the disk before anything else happens. */
export interface BisectLog {
  /** All that the file had when it was opened. */
  readonly entries: readonly LogEntry[]
  append(entry: LogEntry): Promise<void>
  close(): Promise<void>
}

/**
 * Longer than it takes until the lock of a process that was killed is taken to be nobody's.
 */
const lockOptions = { stale: 5000, update: 2000, retries: { retries: 8, minTimeout: 1000, maxTimeout: 1000 } }

export function logPathIn(state: string): string {
  return join(state, 'log.jsonl')
}

/**
 * Opens the log of a state folder for this process alone, and makes both if need be. A last line that was cut off is taken
 * away.
 *
 * @throws FctError FCT_BISECT_BUSY, FCT_BISECT_LOG, FCT_DISK_FULL, FCT_STORE_FAILED
 */
export async function openBisectLog(state: string): Promise<BisectLog> {
  const path = logPathIn(state)
  try {
    await mkdir(state, { recursive: true })
  } catch (error) {
    throw storeFailure(error, state)
  }
  const release = await lockfile.lock(state, lockOptions).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw storeFailure(error, `${state}.lock`)
    throw new FctError('FCT_BISECT_BUSY', `another bisect is at work in ${state}`, '', { cause: error })
  })
  try {
    const text = existsSync(path) ? await readFile(path, 'utf8') : ''
    const whole = wholeLines(text)
    const entries = parseLog(whole, path)
    if (whole.length < text.length) await truncate(path, Buffer.byteLength(whole))
    const file = await open(path, 'a')
    return {
      entries,
      append: (entry) => append(file, entry, path),
      close: async () => {
        await file.close()
        await release()
      },
    }
  } catch (error) {
    await release()
    throw error
  }
}

/** @throws UsageError FCT_BISECT_NO_LOG; FctError FCT_BISECT_LOG */
export async function readBisectLog(path: string): Promise<LogContent> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new UsageError('FCT_BISECT_NO_LOG', `${path} cannot be read: ${messageOf(error)}`)
  })
  const entries = parseLog(wholeLines(text), path)
  const [start] = entries
  if (start?.kind === 'start') return { start, entries }
  throw new FctError(
    'FCT_BISECT_LOG',
    `${path} is no log of a bisect: it does not begin with what it is about`,
  )
}

/** A line counts when its end is there. */
function wholeLines(text: string): string {
  return text.slice(0, text.lastIndexOf('\n') + 1)
}

function parseLog(text: string, path: string): LogEntry[] {
  const lines = text.split('\n').slice(0, -1)
  return lines.map((line, index) => parseLine(line, `${path}:${index + 1}`))
}

function parseLine(line: string, place: string): LogEntry {
  try {
    return logEntry.parse(JSON.parse(line))
  } catch (error) {
    throw new FctError('FCT_BISECT_LOG', `${place} is no line of a bisect's log`, messageOf(error))
  }
}

async function append(file: FileHandle, entry: LogEntry, path: string): Promise<void> {
  try {
    await file.appendFile(`${JSON.stringify(entry)}\n`)
    await file.datasync()
  } catch (error) {
    throw storeFailure(error, path)
  }
}
