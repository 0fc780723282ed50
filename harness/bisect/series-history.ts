import { mkdir, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { hashOf } from '../../vms/cache.js'
import { onlyNfsd } from '../../vms/patches/only-nfsd.js'
import { splitMbox } from '../../vms/patches/mail.js'
import { touchedFiles, type Patch } from '../../vms/patches/patch.js'
import { readPatchFiles, type PatchFile } from '../../vms/patches/patch-files.js'
import { readPatches } from '../../vms/patches/read-patches.js'
import { UsageError } from '../fct-error.js'
import { weigh } from './prior.js'
import type { Range } from './range.js'

/** A series of patches, and where the first so many of it are for a kernel to be built with. */
export interface SeriesRange {
  readonly range: Range
  /** A folder for `--patch` with the first `count` patches, without the one of this index if one is given. */
  readonly folderOf: (count: number, without?: number) => Promise<string>
}

/**
 * Candidate k is the base with the first k + 1 patches; the good end is the base alone.
 *
 * @param series A folder with a quilt series or *.patch files, or an mbox: each of its mails that brings a patch is one.
 * @param into Where copies of the patches are kept: what is edited meanwhile does not matter.
 * @throws FctError FCT_PATCH_*; UsageError FCT_BISECT_EMPTY_RANGE
 */
export async function readSeriesRange(
  series: string,
  base: string,
  suspects: readonly string[],
  into: string,
): Promise<SeriesRange> {
  const files = await readParts(series)
  if (files.length === 0) throw new UsageError('FCT_BISECT_EMPTY_RANGE', `${series} holds no patches`)
  const candidates: Range['candidates'][number][] = []
  const weights = weigh(
    files.map(({ patches }) => ({ paths: patches.flatMap(touchedFiles), isMerge: false })),
    suspects,
  )
  let before = { id: hashOf(base), base }
  for (const [index, file] of files.entries()) {
    const { path, bytes, strip, patches } = file
    const evidence = hashOf([before.id, strip, bytes.toString('latin1')])
    // One patch that nfsd.ko alone cannot take, and all that come after it are in kernels built whole.
    before = {
      id: evidence,
      base: onlyNfsd({ patches, leftOut: [] }) && before.base === base ? base : evidence,
    }
    candidates.push({
      id: `${index + 1}:${evidence}`,
      subject: patches[0]?.origin.subject.replace(/^(\[[^\]]*\] *)+/, '') || basename(path),
      parents: index === 0 ? [] : [index - 1],
      weight: weights[index] ?? 1,
      evidence,
      base: before.base,
    })
  }
  const good = { id: base, subject: 'without the series', evidence: hashOf(base), base }
  return {
    range: { candidates, goodEvidence: [good.evidence], good },
    folderOf: (count, without) => {
      const chosen = files.slice(0, count).filter((_, index) => index !== without)
      const name = without === undefined ? String(count) : `${count}-without-${without + 1}`
      return writeSeries(chosen, join(into, name))
    },
  }
}

/** What is tested as one: a patch with its file, or its mail where the file is an mbox with several. */
type Part = PatchFile & { readonly patches: readonly Patch[] }

async function readParts(series: string): Promise<Part[]> {
  const all = await readPatches([series])
  const parts: Part[] = []
  for (const file of await readPatchFiles([series])) {
    const patches = all.patches.filter(({ origin }) => origin.path === file.path)
    if (patches.length <= 1) {
      parts.push({ ...file, patches })
      continue
    }
    const mails = await splitMbox(file)
    for (const patch of patches) {
      const mail = mails[(patch.origin.mail ?? 1) - 1] ?? file
      parts.push({ ...mail, patches: [patch] })
    }
  }
  return parts
}

async function writeSeries(files: readonly PatchFile[], folder: string): Promise<string> {
  await mkdir(folder, { recursive: true })
  const lines: string[] = []
  for (const [index, { path, bytes, strip }] of files.entries()) {
    const name = `${String(index + 1).padStart(4, '0')}.patch`
    await writeFile(join(folder, name), bytes)
    lines.push(`${name} -p${strip} # ${basename(path)}\n`)
  }
  await writeFile(join(folder, 'series'), lines.join(''))
  return folder
}
