import { z } from 'zod'
import { UsageError } from '../fct-error.js'
import type { RunPlan } from '../scenario/plan.js'
import { shellWord } from '../shell-word.js'
import { readPaper, runSchema } from './recorded-run.js'

const schema = runSchema.extend({
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

/** @throws FctError FCT_RUN_INVALID; UsageError FCT_REPLAY_MACHINE: it was no guest */
export async function readStoredRun(folder: string): Promise<StoredRun> {
  const run = await readPaper(folder, 'run.json', schema)
  if (run.machine !== undefined)
    throw new UsageError(
      'FCT_REPLAY_MACHINE',
      `that run was on ${run.machine.address}: fctorture repro ${shellWord(folder)} --target ${shellWord(run.machine.address)}`,
    )
  const { scenario, busted, deterministic, pct, repeat, deterministicInputs: inputs } = run
  const { name, patches, profile } = run.kernel
  const { findings } = await readPaper(folder, 'verdict.json', verdictSchema)
  // A run that clients had to themselves has a scenario without stressors.
  const plan = {
    ...{ scenario, busted, deterministic },
    kernel: { name, patches, profile },
    seed: Number(run.seed),
    clientsOnly: false,
    untilFinding: false,
    dump: 'of the dead',
    ...(pct && { pct }),
  } as const
  return { plan, repeat, inputs, findings: findings.map(({ signature }) => signature).sort() }
}
