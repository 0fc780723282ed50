import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { ResultDocument } from '../verdict/result.js'

/** Where an autopsy's files are in a run's folder. */
export const autopsyFolder = 'autopsy'

/** All of a guest's memory. */
export const dumpName = 'vmcore'

function dumpOf(run: string): string {
  return join(run, autopsyFolder, dumpName)
}

/**
 * One dump of each death is enough: that of a run whose guest died of the same as one before is removed.
 *
 * @param run Folder of the run.
 * @param findings What it was found to have died of.
 * @returns the folder of the run that has such a dump already; undefined if this is the first
 */
export async function dropKnownDump(
  run: string,
  { findings }: Pick<ResultDocument, 'findings'>,
): Promise<string | undefined> {
  for (const name of await readdir(dirname(run))) {
    const other = join(dirname(run), name)
    if (name === basename(run) || !(await exists(dumpOf(other)))) continue
    const signatures = await signaturesOf(other)
    if (signatures !== undefined && signatures === nameDeath(findings)) {
      await rm(dumpOf(run))
      return other
    }
  }
  return undefined
}

/** Undefined for a run that is not over. */
async function signaturesOf(run: string): Promise<string | undefined> {
  const text = await readFile(join(run, 'verdict.json'), 'utf8').catch(() => undefined)
  return text === undefined ? undefined : nameDeath((JSON.parse(text) as ResultDocument).findings)
}

function nameDeath(findings: ResultDocument['findings']): string {
  return findings
    .map(({ signature }) => signature)
    .sort()
    .join('\n')
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
