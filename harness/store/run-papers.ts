import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { FctError } from '../fct-error.js'
import { insertUnheard } from '../oracle/console/unheard.js'
import { autopsyFolder } from './known-dumps.js'
import type { RunPapers } from '../verdict/recording.js'

const runSchema = z.object({
  scenario: z.object({
    name: z.string(),
    stressors: z.record(z.string(), z.unknown()),
    disturb: z.array(z.string()).default([]),
  }),
  seed: z.string(),
  repeat: z.string().optional(),
  filecache: z
    .array(
      z.object({
        phase: z.enum(['start', 'load', 'quiet', 'shutdown', 'end']),
        text: z.string(),
        second: z.number().optional(),
      }),
    )
    .optional(),
  leftovers: z
    .object({ slabsBefore: z.string(), slabsAfter: z.string(), busy: z.array(z.string()) })
    .optional(),
})

const count = z.number().nullable()
const resultSchema = z.looseObject({
  schema: z.literal(1),
  verdict: z.enum(['PASS', 'FAIL', 'INCONCLUSIVE', 'ERROR']),
  events: z.object({ produced: count, read: z.number(), lost: count, unexplained: count }),
  reasons: z.array(z.object({ code: z.string().startsWith('FCT_'), message: z.string() })),
})

/**
 * What a run left beside its trace.
 *
 * @returns null if the folder has no run.json: it is not that of a run
 * @throws FctError FCT_RUN_INVALID
 */
export async function readRunPapers(folder: string): Promise<RunPapers | null> {
  const run = await readDocument(join(folder, 'run.json'), runSchema)
  if (run === null) return null
  const result = await readDocument(join(folder, 'verdict.json'), resultSchema)
  const { scenario, seed, repeat, filecache, leftovers } = run
  return {
    scenario: scenario.name,
    seed,
    repeat,
    stressors: Object.keys(scenario.stressors),
    filecache: (filecache ?? []).map(({ phase, text, second }) =>
      second === undefined ? { phase, text } : { phase, text, second },
    ),
    ...(leftovers && { leftovers }),
    wasRestarted: scenario.disturb.includes('restart'),
    // The release that wrote it had the same schema.
    result: result as RunPapers['result'],
  }
}

/** What the guest printed, and what only its memory had; '' if the folder has no console.log. */
export async function readRunConsole(folder: string): Promise<string> {
  const console = (await readIfThere(join(folder, 'console.log'))) ?? ''
  const messages = await readIfThere(join(folder, autopsyFolder, 'dmesg.txt'))
  return messages === null ? console : insertUnheard(console, messages)
}

async function readDocument<T>(path: string, schema: z.ZodType<T>): Promise<T | null> {
  const text = await readIfThere(path)
  if (text === null) return null
  try {
    return schema.parse(JSON.parse(text))
  } catch (error) {
    throw new FctError('FCT_RUN_INVALID', `${path} cannot be read`, String(error), { cause: error })
  }
}

async function readIfThere(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  })
}
