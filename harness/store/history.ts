import type Database from 'better-sqlite3'
import { FctError } from '../fct-error.js'
import type { ResultDocument } from '../verdict/result.js'
import { asStoreError, openDatabase, type OpenOptions } from './database.js'
import type { Campaign, Cell, Dispatch, HistoryFinding, HistoryRun, ProgressRow } from './history-records.js'

/** Rows that are in memory at once, however long the history is. */
const pageRows = 500

const runColumns = `run.id, run.campaign, run.seed, run.attempt, run.counts, run.verdict, run.started, run.seconds, run.folder,
  cell.kernel, cell.profile, cell.scenario, cell.target, cell.patches,
  json_object('guestSeconds', result -> 'guestSeconds', 'events', result -> 'events', 'exposure', result -> 'exposure',
    'reasons', result -> 'reasons', 'kernelHash', result -> '$.kernel.hash', 'kernelRelease', result -> '$.kernel.release',
    'flavour', result -> '$.kernel.flavour') AS told`
const runTables = 'run JOIN cell ON cell.id = run.cell JOIN document ON document.run = run.id'
const findingColumns = 'id, run, rule, signature, count, firstGuestSecond'

type CampaignRow = Omit<Campaign, 'plan'> & { readonly plan: string }
type CellRow = Omit<Cell, 'patches'> & { readonly patches: string }
type RunRow = Pick<
  HistoryRun,
  'id' | 'campaign' | 'seed' | 'attempt' | 'verdict' | 'started' | 'seconds' | 'folder'
> &
  CellRow & { readonly counts: 0 | 1; readonly told: string }

/** A signature over the whole history. */
export interface SignatureSummary {
  readonly signature: string
  readonly rule: string
  /** Runs that found it. */
  readonly runs: number
  readonly firstSeen: string
  readonly lastSeen: string
  /** Names of kernels, as plans have them. */
  readonly kernels: readonly string[]
}

/** Sums over the last nights. */
export interface CellExperience {
  /** Nights since its last run; 0: it had one in the last night. */
  readonly nightsWaited: number
  readonly runs: number
  /** Signatures, each run's own. */
  readonly findings: number
  readonly guestSeconds: number
  readonly seconds: number
}

/**
 * What every night found. Iterators read on in pages, so that others, this process too, may write meanwhile; what is recorded
 * after an iterator began may be in it. Each call may throw what openDatabase throws.
 */
export class HistoryReader {
  protected readonly database: Database.Database
  readonly #statements = new Map<string, Database.Statement>()

  constructor(
    /** The store's file. */
    readonly path: string,
    options: OpenOptions = { readonly: true },
  ) {
    this.database = openDatabase(path, options)
  }

  close(): void {
    this.database.close()
  }

  /** Oldest first, by when they began: one that was imported may have a later id than its successors. */
  campaigns(): Campaign[] {
    return this.all<CampaignRow>('SELECT * FROM campaign ORDER BY started, id').map(toCampaign)
  }

  /** @throws FctError FCT_STORE_NO_CAMPAIGN */
  campaign(id: number): Campaign {
    const row = this.one<CampaignRow>('SELECT * FROM campaign WHERE id = ?', id)
    if (row === undefined)
      throw new FctError('FCT_STORE_NO_CAMPAIGN', `${this.path} has no campaign ${String(id)}`)
    return toCampaign(row)
  }

  campaignByKey(key: string): Campaign | undefined {
    const row = this.one<CampaignRow>('SELECT * FROM campaign WHERE key = ?', key)
    return row && toCampaign(row)
  }

  /** The newest night of a plan, or of all. */
  latestCampaign(name?: string): Campaign | undefined {
    const row = this.one<CampaignRow>(
      'SELECT * FROM campaign WHERE name = coalesce(?, name) ORDER BY started DESC, id DESC LIMIT 1',
      name ?? null,
    )
    return row && toCampaign(row)
  }

  /** The newest nights, oldest first. */
  latestCampaigns(count: number): Campaign[] {
    const rows = this.all<CampaignRow>('SELECT * FROM campaign ORDER BY started DESC, id DESC LIMIT ?', count)
    return rows.map(toCampaign).reverse()
  }

  /** All cells that ever ran, in no order. */
  cells(): Cell[] {
    return this.all<CellRow>('SELECT kernel, profile, scenario, target, patches FROM cell').map(toCell)
  }

  /** In the order in which they were recorded. */
  *runsOf(campaign: number): Generator<HistoryRun> {
    const sql = `SELECT ${runColumns} FROM ${runTables} WHERE run.campaign = ? AND run.id > ? ORDER BY run.id LIMIT ?`
    for (const row of this.#pages<RunRow>(sql, [campaign])) yield toRun(row)
  }

  /** Over all nights, oldest first. @param key cellKey() */
  *runsOfCell(key: string): Generator<HistoryRun> {
    const sql = `SELECT ${runColumns} FROM ${runTables} WHERE cell.key = ? AND run.id > ? ORDER BY run.id LIMIT ?`
    for (const row of this.#pages<RunRow>(sql, [key])) yield toRun(row)
  }

  run(id: number): HistoryRun | undefined {
    const row = this.one<RunRow>(`SELECT ${runColumns} FROM ${runTables} WHERE run.id = ?`, id)
    return row && toRun(row)
  }

  /** The result document of a run, evidence included. @throws FctError FCT_STORE_NO_RUN */
  documentOf(run: number): ResultDocument {
    const row = this.one<{ result: string }>('SELECT result FROM document WHERE run = ?', run)
    if (row === undefined) throw new FctError('FCT_STORE_NO_RUN', `${this.path} has no run ${String(run)}`)
    return JSON.parse(row.result) as ResultDocument
  }

  findingsOf(run: number): HistoryFinding[] {
    return this.all<HistoryFinding>(`SELECT ${findingColumns} FROM finding WHERE run = ? ORDER BY id`, run)
  }

  /** Over all nights, oldest first. */
  *findingsBySignature(signature: string): Generator<HistoryFinding> {
    const sql = `SELECT ${findingColumns} FROM finding WHERE signature = ? AND id > ? ORDER BY id LIMIT ?`
    yield* this.#pages<HistoryFinding>(sql, [signature])
  }

  /** Every signature there ever was, the one seen last first. */
  signatures(): SignatureSummary[] {
    type Row = Omit<SignatureSummary, 'kernels'> & { readonly kernels: string }
    const rows = this.all<Row>(
      `SELECT signature, min(rule) AS rule, count(*) AS runs, min(run.started) AS firstSeen, max(run.started) AS lastSeen,
         json_group_array(DISTINCT cell.kernel) AS kernels
       FROM finding JOIN run ON run.id = finding.run JOIN cell ON cell.id = run.cell
       GROUP BY signature ORDER BY lastSeen DESC, signature`,
    )
    return rows.map((row) => ({ ...row, kernels: JSON.parse(row.kernels) as string[] }))
  }

  /**
   * What the cells of a plan have cost and brought in its last nights.
   *
   * @param nights How many; @param before Nights that began at this time or later are left out.
   * @returns by cellKey; a cell without a run in that time is not in it
   */
  experience(
    name: string,
    { nights, before }: { nights: number; before: string },
  ): Map<string, CellExperience> {
    const rows = this.all<CellExperience & { readonly key: string }>(
      `WITH night AS (
         SELECT id, row_number() OVER (ORDER BY started DESC) - 1 AS ago FROM campaign WHERE name = ? AND started < ?
         ORDER BY started DESC LIMIT ?)
       SELECT cell.key, min(night.ago) AS nightsWaited, count(*) AS runs,
         sum((SELECT count(*) FROM finding WHERE finding.run = run.id)) AS findings,
         sum(result ->> 'guestSeconds') AS guestSeconds, sum(run.seconds) AS seconds
       FROM night JOIN run ON run.campaign = night.id JOIN cell ON cell.id = run.cell JOIN document ON document.run = run.id
       GROUP BY cell.id`,
      ...[name, before, nights],
    )
    return new Map(rows.map(({ key, ...experience }) => [key, experience]))
  }

  /** What is out, of a campaign. */
  openDispatches(campaign: number): Dispatch[] {
    return this.#dispatches(campaign, 'open')
  }

  /** Of which nothing came. */
  lostDispatches(campaign: number): Dispatch[] {
    return this.#dispatches(campaign, 'lost')
  }

  /** How often each seed of each cell was handed out in a campaign. @returns by `cellKey seed` */
  attempts(campaign: number): Map<string, number> {
    const rows = this.all<{ key: string; seed: number; attempts: number }>(
      `SELECT key, seed, max(attempt) AS attempts FROM dispatch JOIN cell ON cell.id = dispatch.cell
       WHERE campaign = ? GROUP BY cell, seed`,
      campaign,
    )
    return new Map(rows.map(({ key, seed, attempts }) => [`${key} ${String(seed)}`, attempts]))
  }

  /** What was told after row `id` (0: from the first on), at most `limit` rows. Whoever follows a campaign asks again and again. */
  progressAfter(id: number, limit = pageRows): ProgressRow[] {
    const rows = this.all<Omit<ProgressRow, 'event'> & { event: string }>(
      'SELECT * FROM progress WHERE id > ? ORDER BY id LIMIT ?',
      id,
      limit,
    )
    return rows.map((row) => ({ ...row, event: JSON.parse(row.event) as ProgressRow['event'] }))
  }

  // Whoever writes a query knows its columns.
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters
  protected one<T>(sql: string, ...parameters: unknown[]): T | undefined {
    return asStoreError(this.path, () => this.prepared(sql).get(...parameters) as T | undefined)
  }

  protected all<T>(sql: string, ...parameters: unknown[]): T[] {
    return asStoreError(this.path, () => this.prepared(sql).all(...parameters) as T[])
  }

  /** Each statement is compiled once. */
  protected prepared(sql: string): Database.Statement {
    const statement = this.#statements.get(sql) ?? this.database.prepare(sql)
    this.#statements.set(sql, statement)
    return statement
  }

  #dispatches(campaign: number, state: 'open' | 'lost'): Dispatch[] {
    type Row = Omit<Dispatch, 'cell' | 'job'> & CellRow & { readonly job: string }
    const rows = this.all<Row>(
      `SELECT dispatch.campaign, seed, attempt, started, job, reference, kernel, profile, scenario, target, patches
       FROM dispatch JOIN cell ON cell.id = dispatch.cell WHERE campaign = ? AND state = ? ORDER BY started`,
      ...[campaign, state],
    )
    return rows.map((row) => ({
      ...{
        campaign: row.campaign,
        cell: toCell(row),
        seed: row.seed,
        attempt: row.attempt,
        started: row.started,
      },
      ...{ job: JSON.parse(row.job) as unknown, reference: row.reference },
    }))
  }

  /** @param sql Its last two parameters are the id to go on behind and a number of rows. */
  *#pages<T extends { readonly id: number }>(sql: string, parameters: readonly unknown[]): Generator<T> {
    let after = 0
    for (;;) {
      const rows = this.all<T>(sql, ...parameters, after, pageRows)
      yield* rows
      const last = rows.at(-1)
      if (last === undefined || rows.length < pageRows) return
      after = last.id
    }
  }
}

function toCampaign(row: CampaignRow): Campaign {
  return { ...row, plan: JSON.parse(row.plan) as unknown }
}

function toCell({ kernel, profile, scenario, target, patches }: CellRow): Cell {
  return { kernel, profile, scenario, target, patches: JSON.parse(patches) as string[] }
}

function toRun(row: RunRow): HistoryRun {
  const { id, campaign, seed, attempt, counts, verdict, started, seconds, folder, told } = row
  type Told = Pick<
    HistoryRun,
    'guestSeconds' | 'events' | 'exposure' | 'reasons' | 'kernelHash' | 'kernelRelease' | 'flavour'
  >
  return {
    ...{
      id,
      campaign,
      cell: toCell(row),
      seed,
      attempt,
      counts: counts === 1,
      verdict,
      started,
      seconds,
      folder,
    },
    ...(JSON.parse(told) as Told),
  }
}
