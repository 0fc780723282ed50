import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { FctError, messageOf } from '../fct-error.js'
import { migrations } from './history-schema.js'

/** How long a writer waits for another one. Each writes for milliseconds. */
const busyMs = 10_000

export interface OpenOptions {
  /** Reads only; the file must be there. */
  readonly readonly?: boolean
  readonly busyMs?: number
}

/**
 * Opens the history, and brings it to this release's tables. Several may read and write at once: a writer waits for another.
 *
 * @throws FctError FCT_STORE_BUSY, FCT_STORE_CORRUPT, FCT_STORE_NEWER, FCT_STORE_MISSING, FCT_STORE_FAILED
 */
export function openDatabase(path: string, options: OpenOptions = {}): Database.Database {
  return asStoreError(path, () => {
    const readonly = options.readonly === true
    if (readonly) upgrade(path, options)
    else mkdirSync(dirname(path), { recursive: true })
    const database = new Database(path, {
      readonly,
      fileMustExist: readonly,
      timeout: options.busyMs ?? busyMs,
    })
    try {
      prepare(database, path, readonly)
      return database
    } catch (error) {
      database.close()
      throw error
    }
  })
}

function prepare(database: Database.Database, path: string, readonly: boolean): void {
  const version = versionOf(database)
  if (version > migrations.length) throw tooNew(path, version)
  database.pragma('foreign_keys = ON')
  if (readonly) return
  database.pragma('journal_mode = WAL')
  // What was committed outlives the process however that ends. A power cut may take the commits since the last checkpoint, and leaves
  // the store sound (sqlite.org/pragma.html#pragma_synchronous); the night that goes on makes those runs again.
  database.pragma('synchronous = NORMAL')
  if (version < migrations.length) migrate(database)
}

/** All steps or none; another process may have been faster. */
function migrate(database: Database.Database): void {
  const steps = database.transaction(() => {
    for (const step of migrations.slice(versionOf(database))) database.exec(step)
    database.pragma(`user_version = ${String(migrations.length)}`)
  })
  steps.immediate()
}

function versionOf(database: Database.Database): number {
  return Number(database.pragma('user_version', { simple: true }))
}

function tooNew(path: string, version: number): FctError {
  return new FctError(
    'FCT_STORE_NEWER',
    `${path} was written by a newer fctorture (tables of version ${String(version)}, this one knows ${String(migrations.length)})`,
  )
}

/**
 * The version of the tables of a store, which is only looked at.
 *
 * @throws FctError as `openDatabase`
 */
export function storedVersion(path: string): number {
  return asStoreError(path, () => {
    const database = new Database(path, { readonly: true, fileMustExist: true })
    try {
      const version = versionOf(database)
      if (version > migrations.length) throw tooNew(path, version)
      return version
    } finally {
      database.close()
    }
  })
}

/** Whoever reads an older store needs the newest tables too. */
function upgrade(path: string, options: OpenOptions): void {
  const database = new Database(path, { readonly: true, fileMustExist: true })
  const version = versionOf(database)
  database.close()
  if (version < migrations.length) openDatabase(path, { ...options, readonly: false }).close()
}

/** Runs something on the store; what SQLite throws becomes an FctError. */
export function asStoreError<T>(path: string, act: () => T): T {
  try {
    return act()
  } catch (error) {
    throw storeError(path, error)
  }
}

function storeError(path: string, error: unknown): unknown {
  if (error instanceof FctError) return error
  const code = (error as { code?: unknown }).code
  if (typeof code !== 'string') return error
  const cause = { cause: error }
  if (code.startsWith('SQLITE_BUSY'))
    return new FctError('FCT_STORE_BUSY', `another process keeps ${path} to itself`, '', cause)
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB')
    return new FctError(
      'FCT_STORE_CORRUPT',
      `${path} is damaged: ${messageOf(error)}`,
      damageAdvice(path),
      cause,
    )
  if (code === 'SQLITE_FULL')
    return new FctError('FCT_DISK_FULL', `there is no space left for ${path}`, '', cause)
  if (code.startsWith('SQLITE_CANTOPEN'))
    return new FctError('FCT_STORE_MISSING', `${path} cannot be opened: ${messageOf(error)}`, '', cause)
  if (/^(SQLITE_|E[A-Z]+$)/.test(code))
    return new FctError('FCT_STORE_FAILED', `${path}: ${messageOf(error)}`, '', cause)
  return error
}

function damageAdvice(path: string): string {
  return [
    'It was left as it is. The run folders have every result too: move it out of the way, then',
    '  fctorture history --import FILE    what was exported before',
    `  sqlite3 ${path} .recover           what else can be read`,
  ].join('\n')
}
