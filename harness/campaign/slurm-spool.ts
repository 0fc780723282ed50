/**
 * The spool: a folder that the host of the campaign and the nodes both see. An array of cells is a folder in it:
 *
 *     fct-NAME/0.json ...          what goes out (SlurmCell), by the element's number
 *     fct-NAME/0.log ...           what the element printed, all its attempts one after the other
 *     fct-NAME/0.ATTEMPT/          run folder of an attempt; Slurm counts them from 0, a requeued element has several
 *     fct-NAME/0.ATTEMPT.end.json  its end (SlurmEnd), which appears whole or not at all
 */
import { randomUUID } from 'node:crypto'
import { cp, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Mirrors } from '../../vms/apt-root.js'
import type { Parcel } from '../../vms/cache-parcel.js'
import { storeFailure } from '../store/store-failure.js'
import type { CellJob, JobEnd } from './executor.js'

/** What a node is asked for. */
export interface SlurmCell {
  readonly job: CellJob
  /** Null: what the node's apt says. */
  readonly mirrors: Mirrors | null
  /** What the node's cache needs; null: it shares one, or fills its own. */
  readonly parcel: Parcel | null
}

/** What a node tells. */
export interface SlurmEnd extends JobEnd {
  readonly node: string
}

/** One attempt of one element. */
export interface Attempt {
  readonly index: number
  readonly attempt: number
}

/** @returns the array's name, also in Slurm. @throws FctError FCT_DISK_FULL, FCT_STORE_FAILED */
export async function writeArray(spool: string, cells: readonly SlurmCell[]): Promise<string> {
  const name = `fct-${randomUUID()}`
  const folder = join(spool, name)
  try {
    await mkdir(folder, { recursive: true })
    for (const [index, cell] of cells.entries()) await writeFile(cellFile(folder, index), toText(cell))
  } catch (error) {
    // What keeps it from being written may keep it from being removed.
    await rm(folder, { recursive: true, force: true }).catch(() => undefined)
    throw storeFailure(error, folder)
  }
  return name
}

export async function readCell(folder: string, index: number): Promise<SlurmCell> {
  return JSON.parse(await readFile(cellFile(folder, index), 'utf8')) as SlurmCell
}

/** Where an attempt keeps its run folder. */
export function attemptFolder(folder: string, { index, attempt }: Attempt): string {
  return join(folder, `${String(index)}.${String(attempt)}`)
}

/** It is there under its name when it is whole, and not before. */
export async function writeEnd(folder: string, attempt: Attempt, end: SlurmEnd): Promise<void> {
  const path = `${attemptFolder(folder, attempt)}.end.json`
  await writeFile(`${path}.new`, toText(end))
  await rename(`${path}.new`, path)
}

/** Ends that are there, by element; of an element in the order of its attempts. None if the folder is gone. */
export async function listEnds(folder: string): Promise<Map<number, Attempt[]>> {
  const ends = new Map<number, Attempt[]>()
  for (const file of await readdir(folder).catch(() => [])) {
    const match = /^(\d+)\.(\d+)\.end\.json$/.exec(file)
    if (match === null) continue
    const [index, attempt] = [Number(match[1]), Number(match[2])]
    ends.set(
      index,
      [...(ends.get(index) ?? []), { index, attempt }].sort((a, b) => a.attempt - b.attempt),
    )
  }
  return ends
}

export async function readEnd(folder: string, attempt: Attempt): Promise<SlurmEnd> {
  return JSON.parse(await readFile(`${attemptFolder(folder, attempt)}.end.json`, 'utf8')) as SlurmEnd
}

/**
 * Moves an attempt's run folder to where the campaign keeps runs. Done again after it was cut short, it comes to the same.
 *
 * @throws FctError FCT_DISK_FULL, FCT_STORE_FAILED
 */
export async function bringHome(
  folder: string,
  attempt: Attempt,
  { result, seconds }: SlurmEnd,
  { runs }: Pick<CellJob, 'runs'>,
): Promise<JobEnd> {
  const from = attemptFolder(folder, attempt)
  try {
    await mkdir(runs, { recursive: true })
    for (const name of await readdir(from).catch(() => [])) await move(join(from, name), join(runs, name))
  } catch (error) {
    throw storeFailure(error, runs)
  }
  return { result: { ...result, run: join(runs, basename(result.run)) }, seconds }
}

async function move(from: string, to: string): Promise<void> {
  try {
    await rename(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error
    const partial = `${to}.partial`
    await rm(partial, { recursive: true, force: true })
    await cp(from, partial, { recursive: true })
    await rename(partial, to)
    await rm(from, { recursive: true })
  }
}

function cellFile(folder: string, index: number): string {
  return join(folder, `${String(index)}.json`)
}

function toText(document: object): string {
  return `${JSON.stringify(document, null, 2)}\n`
}
