import { mkdirSync } from 'node:fs'
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
  const path = `${store}.campaign-lock`
  mkdirSync(dirname(path), { recursive: true })
  const lock = asStoreError(path, () => new Database(path, { timeout: 0 }))
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
