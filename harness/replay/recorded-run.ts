import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { profileNames } from '../../vms/kernels/profiles.js'
import type { KernelRequest } from '../../vms/kernels/kernels.js'
import { FctError, UsageError } from '../fct-error.js'
import { scenarioSchema, type Scenario } from '../scenario/scenario.js'
import type { PctPlan } from '../scenario/plan.js'
import type { ResultDocument } from '../verdict/result.js'

/** A run that found something, as its folder tells of it. */
export interface RecordedRun {
  /** As it ran: without stressors, if clients had it to themselves. */
  readonly scenario: Scenario
  readonly kernel: KernelRequest
  readonly seed: number
  readonly busted: string
  /** Whether everything followed from the seed, on one CPU. */
  readonly deterministic: boolean
  /** Undefined: strategy `random`. */
  readonly pct: PctPlan | undefined
  /** uname -r; undefined if the guest did not tell. */
  readonly release: string | undefined
  /** ssh://..., if it was no guest. */
  readonly machine: string | undefined
  readonly result: Pick<ResultDocument, 'verdict' | 'reasons' | 'findings'>
}

/** What of run.json says what a run was. */
export const runSchema = z.object({
  scenario: scenarioSchema,
  seed: z.string().regex(/^\d+$/),
  busted: z.string(),
  deterministic: z.boolean().default(false),
  pct: z.object({ depth: z.int(), steps: z.int() }).optional(),
  kernel: z.object({
    name: z.string(),
    patches: z.array(z.string()),
    profile: z.enum(profileNames),
    release: z.string().optional(),
  }),
  machine: z.object({ address: z.string() }).optional(),
})
const verdictSchema = z.looseObject({
  verdict: z.enum(['PASS', 'FAIL', 'INCONCLUSIVE', 'ERROR']),
  reasons: z.array(z.object({ code: z.string().startsWith('FCT_'), message: z.string() })),
  findings: z.array(z.looseObject({ signature: z.string() })),
})

/** @throws FctError FCT_RUN_INVALID */
export async function readRecordedRun(folder: string): Promise<RecordedRun> {
  const { scenario, seed, busted, deterministic, pct, kernel, machine } = await readPaper(
    folder,
    'run.json',
    runSchema,
  )
  // The release that wrote it had the same schema.
  const result = (await readPaper(folder, 'verdict.json', verdictSchema)) as unknown as RecordedRun['result']
  const { name, patches, profile, release } = kernel
  return {
    scenario,
    kernel: { name, patches, profile },
    seed: Number(seed),
    ...{ busted, deterministic, pct },
    release,
    machine: machine?.address,
    result,
  }
}

/**
 * The finding that is meant: the one that `part` is a part of; if nothing is said, the first.
 *
 * @throws UsageError FCT_SIGNATURE_UNKNOWN, FCT_SIGNATURE_AMBIGUOUS, with those that there are
 */
export function signatureIn({ findings }: Pick<ResultDocument, 'findings'>, part = ''): string {
  const all = findings.map(({ signature }) => signature)
  const fitting = all.filter((signature) => signature.includes(part))
  const [first] = fitting
  if (first === undefined)
    throw new UsageError(
      'FCT_SIGNATURE_UNKNOWN',
      all.length === 0 ? 'that run found nothing' : `that run found nothing like ${JSON.stringify(part)}`,
      all.join('\n'),
    )
  if (part !== '' && fitting.length > 1 && !fitting.includes(part))
    throw new UsageError(
      'FCT_SIGNATURE_AMBIGUOUS',
      `${JSON.stringify(part)} is a part of several`,
      fitting.join('\n'),
    )
  return fitting.includes(part) ? part : first
}

/**
 * A document of a run's folder, in this form.
 *
 * @throws FctError FCT_RUN_INVALID
 */
export async function readPaper<T>(folder: string, name: string, schema: z.ZodType<T>): Promise<T> {
  const path = join(folder, name)
  try {
    return schema.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (error) {
    throw new FctError('FCT_RUN_INVALID', `${path} cannot be read`, String(error), { cause: error })
  }
}
