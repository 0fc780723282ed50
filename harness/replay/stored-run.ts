import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { profileNames } from '../../vms/kernels/profiles.js'
import { FctError } from '../fct-error.js'
import type { RunPlan } from '../scenario/plan.js'
import { scenarioSchema } from '../scenario/scenario.js'

const schema = z.object({
  scenario: scenarioSchema,
  seed: z.string().regex(/^\d+$/),
  busted: z.string(),
  deterministic: z.boolean().default(false),
  kernel: z.object({
    name: z.string(),
    patches: z.array(z.string()),
    profile: z.enum(profileNames),
  }),
  repeat: z.string(),
  deterministicInputs: z.record(z.string(), z.string()).optional(),
})

/** What a run was, so that it can be run again. */
export interface StoredRun {
  readonly plan: RunPlan
  /** The command that repeats it. */
  readonly repeat: string
  /** Undefined if more than these decided what it did. */
  readonly inputs: Readonly<Record<string, string>> | undefined
  /** Signatures of what it found. */
  readonly findings: readonly string[]
}

const verdictSchema = z.object({ findings: z.array(z.object({ signature: z.string() })) })

/** @throws FctError FCT_RUN_INVALID */
export async function readStoredRun(folder: string): Promise<StoredRun> {
  const { repeat, deterministicInputs: inputs, seed, ...rest } = await read(folder, 'run.json', schema)
  const { findings } = await read(folder, 'verdict.json', verdictSchema)
  // A run that clients had to themselves has a scenario without stressors.
  const plan = {
    ...rest,
    seed: Number(seed),
    clientsOnly: false,
    untilFinding: false,
    dump: 'of the dead',
  } as const
  return { plan, repeat, inputs, findings: findings.map(({ signature }) => signature).sort() }
}

async function read<T>(folder: string, name: string, form: z.ZodType<T>): Promise<T> {
  const path = join(folder, name)
  try {
    return form.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (error) {
    throw new FctError('FCT_RUN_INVALID', `${path} cannot be read`, String(error), { cause: error })
  }
}
