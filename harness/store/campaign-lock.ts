import { existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { FctError } from '../fct-error.js'
import { asStoreError } from './database.js'

/**
 * Keeps a store's campaigns to this process: two that resume one night would do everything twice. It is a lock of SQLite on an
 * empty file, so that it ends with the process, however that ends.
 *
 * @returns gives it back
 * @throws FctError FCT_CAMPAIGN_BUSY
 */
export function lockCampaigns(store: string): () => void {
  const path = lockOf(store)
  mkdirSync(dirname(path), { recursive: true })
  // Who only looks has it for a moment.
  const lock = asStoreError(path, () => new Database(path, { timeout: 500 }))
  try {
    lock.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    lock.close()
    throw new FctError('FCT_CAMPAIGN_BUSY', `another campaign runs on ${store}`, '', { cause: error })
  }
  return () => {
    lock.close()
  }
}

/** Whether a process runs a campaign on that store. */
export function isCampaignRunning(store: string): boolean {
  const path = lockOf(store)
  if (!existsSync(path)) return false
  const lock = asStoreError(path, () => new Database(path, { timeout: 0, readonly: true }))
  try {
    lock.prepare('SELECT 1 FROM sqlite_schema').get()
    return false
  } catch (error) {
    if (error instanceof Database.SqliteError && error.code === 'SQLITE_BUSY') return true
    throw error
  } finally {
    lock.close()
  }
}

function lockOf(store: string): string {
  return `${store}.campaign-lock`
}
