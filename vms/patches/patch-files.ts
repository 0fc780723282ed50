import { constants } from 'node:fs'
import { open, readdir, stat, type FileHandle } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { FctError } from '../../harness/fct-error.js'

/** A file as it was found, before anything is known of what it holds. */
export interface PatchFile {
  readonly path: string
  readonly bytes: Buffer
  /** What a series says with `-pN`; 1 without. */
  readonly strip: number
}

const mebibyte = 1 << 20
/** No patch to nfsd comes near; a log or an image given by mistake is far above. */
const fileLimit = 16 * mebibyte
const totalLimit = 64 * mebibyte

/** What `git format-patch --cover-letter` puts before the patches; there is no diff in it. */
const coverLetter = /^(v\d+-)?0000-cover-letter\.patch$/

type Found = Omit<PatchFile, 'bytes'>

/** Reads files and directories of patches in order; a directory gives its `series` (quilt) or its *.patch files by name, without a cover letter. */
export async function readPatchFiles(paths: readonly string[]): Promise<PatchFile[]> {
  const files: PatchFile[] = []
  let total = 0
  for (const path of paths) {
    for (const found of await findFiles(path)) {
      const bytes = await readBounded(found.path)
      total += bytes.length
      if (total > totalLimit) throw tooLarge(`the patches together`, totalLimit)
      files.push({ ...found, bytes })
    }
  }
  return files
}

async function findFiles(path: string): Promise<Found[]> {
  const info = await stat(path).catch((error: unknown) => {
    throw new FctError('FCT_PATCH_NOT_FOUND', `${path}: cannot be read as a patch`, String(error), {
      cause: error,
    })
  })
  if (!info.isDirectory()) return [{ path, strip: 1 }]
  const names = await readdir(path)
  const found = names.includes('series') ? await readSeries(path) : listByName(path, names)
  if (found.length > 0) return found
  throw new FctError('FCT_PATCH_NONE', `${path}: holds neither a series with patches nor files named *.patch`)
}

function listByName(folder: string, names: readonly string[]): Found[] {
  const patches = names.filter((name) => name.endsWith('.patch') && !coverLetter.test(name)).sort()
  return patches.map((name) => ({ path: join(folder, name), strip: 1 }))
}

async function readSeries(folder: string): Promise<Found[]> {
  const text = (await readBounded(join(folder, 'series'))).toString('utf8')
  const lines = text.split('\n').map((line) => line.replace(/(^|\s)#.*$/, '').trim())
  return lines.filter((line) => line !== '').map((line) => parseSeriesLine(folder, line))
}

/** `name [-pN]`, as quilt writes it; its other options (`-R`) turn the meaning round and are refused. */
function parseSeriesLine(folder: string, line: string): Found {
  const [name = '', ...options] = line.split(/\s+/)
  const strip = /^-p(\d)$/.exec(options[0] ?? '-p1')?.[1]
  if (strip === undefined || options.length > 1)
    throw badSeries(folder, `'${line}' has an option other than -pN`)
  if (isAbsolute(name) || name.split('/').includes('..'))
    throw badSeries(folder, `'${name}' is outside of it`)
  return { path: join(folder, name), strip: Number(strip) }
}

function badSeries(folder: string, reason: string): FctError {
  return new FctError('FCT_PATCH_SERIES', `${join(folder, 'series')}: ${reason}`)
}

async function readBounded(path: string): Promise<Buffer> {
  try {
    // Not blocking, so that a FIFO is told from a file instead of being waited for.
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    return await readAndClose(handle, path)
  } catch (error) {
    if (error instanceof FctError) throw error
    throw new FctError('FCT_PATCH_NOT_FOUND', `${path}: cannot be read as a patch`, String(error), {
      cause: error,
    })
  }
}

async function readAndClose(handle: FileHandle, path: string): Promise<Buffer> {
  try {
    const info = await handle.stat()
    if (!info.isFile()) throw new FctError('FCT_PATCH_NOT_FOUND', `${path}: is not a file`)
    if (info.size > fileLimit) throw tooLarge(path, fileLimit)
    const buffer = Buffer.alloc(info.size)
    const { bytesRead } = await handle.read(buffer, 0, info.size, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

function tooLarge(what: string, limit: number): FctError {
  return new FctError(
    'FCT_PATCH_TOO_LARGE',
    `${what}: larger than ${limit / mebibyte} MiB, too large for a patch`,
  )
}
