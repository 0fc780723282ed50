import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FctError } from '../../harness/fct-error.js'
import { cacheFolder } from '../../harness/folders.js'
import { findFirstError, findMissingPackage } from './build-log.js'

const linesShown = 15

export function logsFolder(): string {
  return join(cacheFolder(), 'logs')
}

/** Path of a build's log; it stays when what was built goes. */
export async function logPath(name: string): Promise<string> {
  await mkdir(logsFolder(), { recursive: true })
  return join(logsFolder(), `${name}.log`)
}

/** A failed build with its first error, what could help, and where the whole log is. */
export function explainBuild(error: FctError, log: string, path: string): FctError {
  const first = findFirstError(log) ?? 'no error found in the log'
  const missing = findMissingPackage(log)
  const advice = missing === undefined ? [] : [`Install the Debian package ${missing}.`]
  const tail = log.trimEnd().split('\n').slice(-linesShown)
  const detail = [...advice, `The whole log: ${path}`, ...tail].join('\n')
  return new FctError(error.code, `${error.message}: ${first}`, detail, { cause: error })
}

/** The same for a log that was not written yet. */
export async function keepLog(error: FctError, log: string, name: string): Promise<FctError> {
  const path = await logPath(name)
  await writeFile(path, log)
  return explainBuild(error, log, path)
}
