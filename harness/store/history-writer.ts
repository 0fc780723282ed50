import { randomUUID } from 'node:crypto'
import type { ResultDocument, ResultFinding } from '../verdict/result.js'
import { asStoreError, type OpenOptions } from './database.js'
import {
  cellKey,
  type Campaign,
  type CampaignOutcome,
  type Cell,
  type Dispatch,
  type ProgressEvent,
  type RunPlace,
} from './history-records.js'
import { HistoryReader } from './history.js'

type DispatchPlace = Pick<Dispatch, 'campaign' | 'cell' | 'seed' | 'attempt'>

/** The one that writes. Each call is one transaction: it is in the store when the call returns, whatever happens then. */
export class HistoryWriter extends HistoryReader {
  constructor(path: string, options: Omit<OpenOptions, 'readonly'> = {}) {
    super(path, options)
  }

  /** @param key Of a campaign that comes from another store. */
  beginCampaign(
    campaign: Pick<Campaign, 'name' | 'started' | 'seed' | 'plan'>,
    key: string = randomUUID(),
  ): Campaign {
    const id = this.#write(() => {
      const { name, started, seed, plan } = campaign
      return this.#run(
        'INSERT INTO campaign (key, name, started, seed, plan) VALUES (?, ?, ?, ?, ?)',
        ...[key, name, started, seed, JSON.stringify(plan)],
      ).lastInsertRowid
    })
    return this.campaign(Number(id))
  }

  endCampaign(campaign: number, outcome: CampaignOutcome, ended: string): void {
    this.#write(() => {
      this.#run(
        'UPDATE campaign SET ended = ?, outcome = ? WHERE id = ? AND ended IS NULL',
        ended,
        outcome,
        campaign,
      )
      this.#run(`UPDATE dispatch SET state = 'lost' WHERE campaign = ? AND state = 'open'`, campaign)
    })
  }

  /** Before it is handed over, so that nothing runs that the store does not know of. */
  dispatch({ campaign, cell, seed, attempt, started, job }: Omit<Dispatch, 'reference'>): void {
    this.#write(() => {
      this.#run(
        `INSERT INTO dispatch (campaign, cell, seed, attempt, started, job, state) VALUES (?, ?, ?, ?, ?, ?, 'open')`,
        ...[campaign, this.#cellId(cell), seed, attempt, started, JSON.stringify(job)],
      )
    })
  }

  refer(place: DispatchPlace, reference: string): void {
    this.#write(() => {
      this.#setDispatch(place, 'reference = ?', reference)
    })
  }

  /** Nothing came of it, and nothing will. */
  lose(place: DispatchPlace): void {
    this.#write(() => {
      this.#setDispatch(place, `state = 'lost'`)
    })
  }

  /**
   * Keeps a run's result document. Of all attempts at one seed of a cell the first that is no ERROR counts, by an index of the
   * store; the others are kept with what they found. The same document for the same place twice is kept once.
   *
   * @returns HistoryRun.id
   */
  record(place: RunPlace, result: ResultDocument): number {
    return this.recordNew(place, result).id
  }

  /** The same; and whether it was not there yet. */
  recordNew(place: RunPlace, result: ResultDocument): { readonly id: number; readonly isNew: boolean } {
    return this.#write(() => {
      const cell = this.#cellId(place.cell)
      const { campaign, seed, attempt, started, seconds } = place
      const known = this.one<{ id: number }>(
        'SELECT id FROM run WHERE campaign = ? AND cell = ? AND seed = ? AND attempt = ? AND folder = ?',
        ...[campaign, cell, seed, attempt, result.run],
      )
      if (known !== undefined) return { id: known.id, isNew: false }
      const counts = result.verdict !== 'ERROR' && !this.#isCounted(campaign, cell, seed)
      const { lastInsertRowid } = this.#run(
        `INSERT INTO run (campaign, cell, seed, attempt, counts, verdict, started, seconds, folder)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        ...[campaign, cell, seed, attempt, counts ? 1 : 0, result.verdict, started, seconds, result.run],
      )
      const id = Number(lastInsertRowid)
      this.#run('INSERT INTO document (run, result) VALUES (?, ?)', id, JSON.stringify(result))
      for (const finding of result.findings) this.#recordFinding(id, finding)
      this.#setDispatch(place, `state = 'done'`)
      return { id, isNew: true }
    })
  }

  /** For whoever follows the campaign. */
  tell(campaign: number, event: ProgressEvent): void {
    this.#write(() => {
      this.#run(
        'INSERT INTO progress (campaign, at, event) VALUES (?, ?, ?)',
        ...[campaign, new Date().toISOString(), JSON.stringify(event)],
      )
      if (event.kind !== 'run-ended' && event.kind !== 'run-lost') return
      this.#run(
        `DELETE FROM progress WHERE campaign = ? AND event ->> 'kind' = 'load' AND event ->> 'cell' = ? AND event ->> 'seed' = ?`,
        ...[campaign, event.cell, event.seed],
      )
    })
  }

  #recordFinding(run: number, { rule, signature, count, firstGuestSecond }: ResultFinding): void {
    this.#run(
      `INSERT INTO finding (run, rule, signature, count, firstGuestSecond) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET count = count + excluded.count, firstGuestSecond = min(firstGuestSecond, excluded.firstGuestSecond)`,
      ...[run, rule, signature, count, firstGuestSecond],
    )
  }

  #isCounted(campaign: number, cell: number, seed: number): boolean {
    const sql = 'SELECT 1 FROM run WHERE campaign = ? AND cell = ? AND seed = ? AND counts = 1'
    return this.one(sql, campaign, cell, seed) !== undefined
  }

  #setDispatch({ campaign, cell, seed, attempt }: DispatchPlace, change: string, ...values: unknown[]): void {
    this.#run(
      `UPDATE dispatch SET ${change} WHERE campaign = ? AND cell = ? AND seed = ? AND attempt = ?`,
      ...[...values, campaign, this.#cellId(cell), seed, attempt],
    )
  }

  #cellId(cell: Cell): number {
    const { kernel, profile, scenario, target, patches } = cell
    const key = cellKey(cell)
    const known = this.one<{ id: number }>('SELECT id FROM cell WHERE key = ?', key)
    if (known !== undefined) return known.id
    const { lastInsertRowid } = this.#run(
      'INSERT INTO cell (key, kernel, profile, scenario, target, patches) VALUES (?, ?, ?, ?, ?, ?)',
      ...[key, kernel, profile, scenario, target, JSON.stringify(patches)],
    )
    return Number(lastInsertRowid)
  }

  #run(sql: string, ...parameters: unknown[]): { readonly lastInsertRowid: number | bigint } {
    return this.prepared(sql).run(...parameters)
  }

  /** All of it or nothing; waits for another writer before it begins. */
  #write<T>(act: () => T): T {
    return asStoreError(this.path, () => this.database.transaction(act).immediate())
  }
}
