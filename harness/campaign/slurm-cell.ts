import { mkdir } from 'node:fs/promises'
import { UsageError } from '../fct-error.js'
import type { JobEnd } from './executor.js'
import { unpackParcel } from '../../vms/cache-parcel.js'
import { attemptFolder, readCell, writeEnd, type SlurmCell } from './slurm-spool.js'

/**
 * The node's side: does one element of an array job and leaves its end. An attempt that was stopped leaves none: Slurm may have
 * begun another one.
 *
 * @param folder The array's.
 * @param env As Slurm sets it for an element of an array.
 * @param act Does a cell, when all that was sent with it is in the cache; its run folder goes into `job.runs`.
 */
export async function doSlurmCell(
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
  act: (cell: SlurmCell) => Promise<JobEnd>,
  signal: AbortSignal,
): Promise<void> {
  const attempt = {
    index: numberOf(env, 'SLURM_ARRAY_TASK_ID'),
    // Not set before the first requeue.
    attempt: env['SLURM_RESTART_COUNT'] === undefined ? 0 : numberOf(env, 'SLURM_RESTART_COUNT'),
  }
  const { job, mirrors, parcel } = await readCell(folder, attempt.index)
  const runs = attemptFolder(folder, attempt)
  // Not its parents: whoever took the array's folder away wants no more of it.
  await mkdir(runs)
  if (parcel !== null) await unpackParcel(parcel, signal)
  const end = await act({ job: { ...job, runs }, mirrors, parcel })
  signal.throwIfAborted()
  await writeEnd(folder, attempt, { ...end, node: env['SLURMD_NODENAME'] ?? '' })
}

function numberOf(env: Readonly<Record<string, string | undefined>>, name: string): number {
  const text = env[name] ?? ''
  if (/^\d+$/.test(text)) return Number(text)
  throw new UsageError(
    'FCT_SLURM_NO_ELEMENT',
    `this is no element of a Slurm array job: ${name} is '${text}'`,
  )
}
