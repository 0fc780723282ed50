import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UsageError } from '../fct-error.js'
import type { Goal, Minimiser } from './minimise.js'
import type { Outcome } from './run-outcome.js'

/** What happened in a search, a line each: with it, the search can be done again without a run. */
export type Entry = { readonly outcome: Outcome; readonly run: string } | { readonly hurry: boolean }

export interface Journal {
  readonly entries: readonly Entry[]
  readonly append: (entry: Entry) => Promise<void>
}

/** What a search is about: it goes on only with the same. */
export interface SearchHead {
  readonly schema: 1
  readonly signature: string
  readonly goal: Goal
  /** Of the run that it began with. */
  readonly from: string
}

/** @throws UsageError FCT_MINIMISE_OTHER: the folder has another search */
export async function openJournal(folder: string, head: SearchHead): Promise<Journal> {
  await mkdir(folder, { recursive: true })
  const path = join(folder, 'search.jsonl')
  const first = JSON.stringify(head)
  const text = await readFile(path, 'utf8').catch(() => '')
  // A line that was being written when the power failed does not count.
  const [found, ...lines] = text.slice(0, text.lastIndexOf('\n') + 1).split('\n')
  if (found === undefined || found === '') await writeFile(path, `${first}\n`)
  else if (found !== first)
    throw new UsageError(
      'FCT_MINIMISE_OTHER',
      `${folder} has another search; name another folder by --output`,
      `there: ${found}\nhere:  ${first}`,
    )
  else if (!text.endsWith('\n')) await writeFile(path, text.slice(0, text.lastIndexOf('\n') + 1))
  return {
    entries: lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Entry),
    append: (entry) => appendFile(path, `${JSON.stringify(entry)}\n`),
  }
}

/** Brings a search to where it was. */
export function replayInto(search: Minimiser, entries: readonly Entry[]): void {
  for (const entry of entries) {
    if ('outcome' in entry) search.observe(entry.outcome)
    else if (entry.hurry) search.hurry()
    else search.takeTime()
  }
}
