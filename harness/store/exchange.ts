import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { FctError, UsageError, messageOf } from '../fct-error.js'
import type { ResultDocument } from '../verdict/result.js'
import type { Campaign, CampaignOutcome } from './history-records.js'
import type { HistoryReader } from './history.js'
import type { HistoryWriter } from './history-writer.js'

const time = z.iso.datetime()
const headSchema = z.object({ fctorture: z.literal('history'), schema: z.literal(1) })
const campaignSchema = z.object({
  key: z.string().min(1),
  name: z.string().min(1),
  started: time,
  ended: time,
  outcome: z.enum(['complete', 'budget', 'abandoned']),
  seed: z.int().min(0),
  plan: z.unknown(),
})
const runSchema = z.object({
  campaign: z.string(),
  cell: z.object({
    ...{ kernel: z.string(), profile: z.string(), scenario: z.string(), target: z.string() },
    patches: z.array(z.string()),
  }),
  seed: z.int().min(0),
  attempt: z.int().min(1),
  started: time,
  seconds: z.number().min(0),
  result: z.looseObject({
    schema: z.literal(1),
    verdict: z.enum(['PASS', 'FAIL', 'INCONCLUSIVE', 'ERROR']),
    run: z.string(),
    guestSeconds: z.number(),
    events: z.looseObject({}),
    exposure: z.record(z.string(), z.number()),
    kernel: z.looseObject({ hash: z.string(), release: z.string(), flavour: z.string() }),
    findings: z.array(
      z.looseObject({
        ...{ rule: z.string(), signature: z.string(), count: z.int(), firstGuestSecond: z.number() },
      }),
    ),
    reasons: z.array(z.object({ code: z.string(), message: z.string() })),
  }),
})
const lineSchema = z.union([z.object({ campaign: campaignSchema }), z.object({ run: runSchema })])

/** The history as lines of JSON: a head, then each night that has ended, with its runs behind it. Run folders stay where they are. */
export function* exportLines(store: HistoryReader): Generator<string> {
  yield JSON.stringify({ fctorture: 'history', schema: 1 })
  for (const campaign of store.campaigns()) {
    if (campaign.ended === null) continue
    const { id, ...told } = campaign
    yield JSON.stringify({ campaign: told })
    for (const { id: run, cell, seed, attempt, started, seconds } of store.runsOf(id)) {
      const place = { campaign: campaign.key, cell, seed, attempt, started, seconds }
      yield JSON.stringify({ run: { ...place, result: store.documentOf(run) } })
    }
  }
}

export interface Imported {
  readonly campaigns: number
  readonly runs: number
  /** Runs that were there already. */
  readonly known: number
}

/**
 * Adds what another store exported. What is there already stays as it is, so that an import that was cut short is done again.
 *
 * @throws UsageError FCT_IMPORT_UNREADABLE, FCT_IMPORT_INVALID (file, line)
 */
export async function importLines(store: HistoryWriter, path: string): Promise<Imported> {
  const count = { campaigns: 0, runs: 0, known: 0 }
  const nights = new Map<string, Night>()
  let number = 0
  try {
    for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
      number++
      const told: unknown = JSON.parse(line)
      if (number === 1) headSchema.parse(told)
      else importLine(store, told, nights, count)
    }
  } catch (error) {
    if (error instanceof FctError) throw error
    throw importError(path, number, error)
  }
  if (number === 0) throw new UsageError('FCT_IMPORT_INVALID', `${path} is empty`)
  for (const night of nights.values()) endNight(store, night)
  return count
}

interface Night {
  readonly id: number
  readonly ended: string
  readonly outcome: CampaignOutcome
}

function importLine(
  store: HistoryWriter,
  told: unknown,
  nights: Map<string, Night>,
  count: { -readonly [K in keyof Imported]: number },
): void {
  const line = lineSchema.parse(told)
  if ('campaign' in line) {
    const { key, ended, outcome, ...campaign } = line.campaign
    const known = store.campaignByKey(key)
    if (known === undefined) count.campaigns++
    const { id }: Pick<Campaign, 'id'> = known ?? store.beginCampaign(campaign, key)
    nights.set(key, { id, ended, outcome })
    return
  }
  const { campaign: key, ...rest } = line.run
  const { cell, seed, attempt, started, seconds } = rest
  const night = nights.get(key)
  if (night === undefined) throw new Error(`no campaign ${key} stands before this run`)
  // As it was written; the schema has looked at what the store and its readers need.
  const { result } = (told as { readonly run: { readonly result: ResultDocument } }).run
  const { isNew } = store.recordNew({ cell, seed, attempt, started, seconds, campaign: night.id }, result)
  if (isNew) count.runs++
  else count.known++
}

function endNight(store: HistoryWriter, { id, ended, outcome }: Night): void {
  store.endCampaign(id, outcome, ended)
}

function importError(path: string, line: number, error: unknown): UsageError {
  const { code } = error as NodeJS.ErrnoException
  if (typeof code === 'string')
    return new UsageError('FCT_IMPORT_UNREADABLE', `${path} cannot be read: ${messageOf(error)}`)
  const message = error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error)
  return new UsageError('FCT_IMPORT_INVALID', `${path}:${String(line)}: ${message}`)
}
