import { z } from 'zod'

/** Index of a candidate; -1 is the good end. */
const candidate = z.int().min(-1)

const buildable = { id: z.string(), subject: z.string(), evidence: z.string(), base: z.string() }

const source = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('tree'), tree: z.string(), good: z.string(), bad: z.string() }),
  z.strictObject({ kind: z.literal('series'), series: z.string(), base: z.string() }),
])

/** The load, which is the same in every run. */
const amplification = z.strictObject({
  scenario: z.string(),
  seconds: z.number(),
  profile: z.string(),
  clientsOnly: z.boolean(),
  /** Of the scenario as it was read. */
  hash: z.string(),
})

/** First line of a log: everything that the search is about. */
const start = z.strictObject({
  kind: z.literal('start'),
  schema: z.literal(1),
  source,
  signature: z.string(),
  amplification,
  /** Of the first run; each run has the next. */
  seed: z.number(),
  /** What the user knows of the failure rate. */
  rate: z.strictObject({ low: z.number(), high: z.number() }).optional(),
  range: z.strictObject({
    candidates: z.array(z.strictObject({ ...buildable, parents: z.array(z.int()), weight: z.number() })),
    goodEvidence: z.array(z.string()),
    good: z.strictObject(buildable),
  }),
})

const build = z.strictObject({ kind: z.literal('build'), candidate, seconds: z.number() })

/** A candidate of which there is nothing to run. */
const skip = z.strictObject({ kind: z.literal('skip'), candidate, seconds: z.number(), reason: z.string() })

const run = z.strictObject({
  kind: z.literal('run'),
  candidate,
  /** Of the bad end with this candidate reverted, not of the candidate. */
  isReverted: z.boolean(),
  outcome: z.enum(['hit', 'miss', 'nothing']),
  /** Why it is `nothing`. */
  reason: z.string().nullable(),
  others: z.array(z.string()),
  seconds: z.number(),
  loadSeconds: z.number(),
  exposure: z.record(z.string(), z.number()),
  seed: z.number(),
  /** Run folder. */
  run: z.string(),
  time: z.string(),
})

/** How the attempt to revert the culprit went: `reason` says why it does not revert. */
const revert = z.strictObject({
  kind: z.literal('revert'),
  candidate,
  /** For `--patch`; null if it does not revert. */
  patch: z.string().nullable(),
  reason: z.string().nullable(),
})

export const logEntry = z.discriminatedUnion('kind', [start, build, skip, run, revert])

export type LogEntry = z.infer<typeof logEntry>
export type StartEntry = z.infer<typeof start>
export type RunEntry = z.infer<typeof run>
export type RevertEntry = z.infer<typeof revert>
export type SkipEntry = z.infer<typeof skip>
