import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readDiff } from './diff-reader.js'
import { runGit } from './git.js'
import type { Message } from './mail.js'
import type { FileChange, PlainPatch } from './patch.js'
import { linesOf } from './quotation.js'
import { refuse } from './refusal.js'
import { countMarks } from './review-checks.js'
import { withScratch } from './scratch.js'

/** A plain patch, looked through: paths, kinds of files and counts, which must be the ones that git sees in it. */
export async function readPlainPatch({ origin, patch: diff, strip }: Message): Promise<PlainPatch> {
  const lines = linesOf(diff).map((text, index) => ({ number: index + 1, text }))
  const { files } = readDiff(lines, { origin, strip, isLossy: false })
  const patch: PlainPatch = { kind: 'plain', origin, diff, strip, files }
  const [seen, counted] = [countByPath(files), await countWithGit(patch)]
  if (seen !== counted) {
    throw refuse('FCT_PATCH_MALFORMED', origin, 'git reads another diff in it than its headers say', [
      'headers say:',
      seen,
      'git reads:',
      counted,
    ])
  }
  return patch
}

async function countWithGit({ diff, strip, origin }: PlainPatch): Promise<string> {
  return withScratch(async (folder) => {
    const file = join(folder, 'diff')
    await writeFile(file, diff, 'latin1')
    const failure = { code: 'FCT_PATCH_MALFORMED', doing: `reading the diff in ${origin.path}` } as const
    const rows = await runGit(['apply', `-p${strip}`, '--numstat', '-z', file], folder, failure)
    const counts = new Map<string, [number, number]>()
    for (const row of rows.split('\0').filter((text) => text !== '')) {
      const [added, removed, path = ''] = row.split('\t')
      addCounts(counts, path, Number(added), Number(removed))
    }
    return formatCounts(counts)
  })
}

function countByPath(files: readonly FileChange[]): string {
  const counts = new Map<string, [number, number]>()
  for (const file of files) addCounts(counts, file.path, countMarks([file], '+'), countMarks([file], '-'))
  return formatCounts(counts)
}

function addCounts(
  counts: Map<string, [number, number]>,
  path: string,
  added: number,
  removed: number,
): void {
  const [addedBefore, removedBefore] = counts.get(path) ?? [0, 0]
  counts.set(path, [addedBefore + added, removedBefore + removed])
}

function formatCounts(counts: ReadonlyMap<string, readonly [number, number]>): string {
  const rows = [...counts].map(([path, [added, removed]]) => `${path} +${added} -${removed}`)
  return rows.sort().join('\n')
}
