import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FctError, messageOf } from '../../fct-error.js'
import type { Autopsy } from '../autopsy/autopsy.js'
import { bringBack, type Absence } from './bring-back.js'
import type { Link } from './link.js'
import type { Netconsole } from './netconsole.js'
import { collectPstore } from './pstore.js'

/**
 * Waits for a machine that has died, and keeps what its kernel said last: `dmesg.txt` is of pstore, or else of netconsole. Never
 * rejects.
 *
 * @param folder Ours on the machine.
 * @param into A folder here, which is made.
 * @returns also the way to the machine as it is now; that of the absence if it stays away
 */
export async function askForLastWords(
  absence: Absence,
  folder: string,
  netconsole: Netconsole | undefined,
  into: string,
): Promise<{ readonly link: Link; readonly autopsy: Autopsy }> {
  const missing: string[] = []
  let { link } = absence
  let kept = ''
  try {
    link = await bringBack(absence)
    kept = await collectPstore(link, folder)
    if (kept === '') missing.push('dmesg.txt: pstore has kept nothing')
  } catch (error) {
    missing.push(`dmesg.txt: ${withDetail(error)}`)
  }
  if (netconsole?.absence !== undefined) missing.push(`netconsole.log: ${netconsole.absence}`)
  const sent = netconsole?.text() ?? ''
  const files = await write(into, { 'netconsole.log': sent, 'dmesg.txt': kept === '' ? sent : kept })
  return { link, autopsy: { files, missing } }
}

function withDetail(error: unknown): string {
  const detail = error instanceof FctError ? error.detail : ''
  return [messageOf(error), ...detail.split('\n')].filter((line) => line !== '').join('; ')
}

/** Those that are not empty; their names. */
async function write(into: string, texts: Readonly<Record<string, string>>): Promise<string[]> {
  const written = Object.entries(texts).filter(([, text]) => text !== '')
  if (written.length > 0) await mkdir(into, { recursive: true })
  for (const [name, text] of written) await writeFile(join(into, name), text)
  return written.map(([name]) => name)
}
