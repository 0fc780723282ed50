import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { FctError } from '../fct-error.js'
import type { LoadSample } from '../report/load-sample.js'

const counts = z.record(z.string(), z.number())

const loadSchema = z.object({
  schema: z.literal(1),
  /** Operations of clients, and their errors by operation and errno name, as it was at the end. */
  operations: counts,
  errors: counts,
  samples: z.array(
    z.object({
      second: z.number(),
      operations: counts,
      stressors: counts,
      exposure: counts,
    }) satisfies z.ZodType<LoadSample>,
  ),
})

/** load.json of a run folder: what clients and stressors did, over time. */
export type RunLoad = z.infer<typeof loadSchema>

export const noLoad: RunLoad = { schema: 1, operations: {}, errors: {}, samples: [] }

/**
 * @returns `noLoad` if the folder has none: the run never came to its load, or an older release made it
 * @throws FctError FCT_RUN_INVALID
 */
export async function readRunLoad(folder: string): Promise<RunLoad> {
  const path = join(folder, 'load.json')
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return noLoad
  try {
    return loadSchema.parse(JSON.parse(text))
  } catch (error) {
    throw new FctError('FCT_RUN_INVALID', `${path} cannot be read`, String(error), { cause: error })
  }
}
