import { FctError } from '../../harness/fct-error.js'
import { readDiff } from './diff-reader.js'
import { readMessages, type Message } from './mail.js'
import type { Patch, PatchSet, ReviewPatch } from './patch.js'
import { readPatchFiles } from './patch-files.js'
import { readPlainPatch } from './plain-patch.js'
import { findDiffLevels, linesOf, splitQuotation } from './quotation.js'
import { refuse } from './refusal.js'
import { checkDiffstat, checkHunkSequence } from './review-checks.js'

/** More than a person reviews; laying hunks over files takes time that grows with both. */
const hunkLimit = 2000

/**
 * Reads patches from what a user has: patch files and mails, mboxes, directories with a quilt series or *.patch files, and
 * review mails that quote a diff.
 *
 * @throws FctError FCT_PATCH_NOT_FOUND, _TOO_LARGE, _NONE, _SERIES, _MAIL (git cannot take it for a mail); _NO_DIFF,
 *   _AMBIGUOUS_LEVEL (diffs at more than one quote level); _MALFORMED, _BINARY, _FILE_KIND, _PATH (a path that leaves the
 *   tree); of a review mail _NO_FILE, _HUNK_CUT, _HUNK_TOO_LONG, _HUNK_MISSING, _INCOMPLETE.
 */
export async function readPatches(paths: readonly string[]): Promise<PatchSet> {
  const patches: Patch[] = []
  const leftOut: PatchSet['leftOut'][number][] = []
  for (const file of await readPatchFiles(paths)) {
    const set = await readMails(await readMessages(file))
    patches.push(...set.patches)
    leftOut.push(...set.leftOut)
  }
  if (patches.length > 0) return { patches, leftOut }
  throw new FctError('FCT_PATCH_NONE', 'no patch was given')
}

/** In a thread the replies quote the patches that stand there whole; a review is read as one where nothing else is. */
async function readMails(messages: readonly Message[]): Promise<PatchSet> {
  const levels = messages.map((message) => levelsOf(message))
  const hasPlain = levels.some((found) => found.includes(0))
  const patches: Patch[] = []
  const leftOut: PatchSet['leftOut'][number][] = []
  for (const [index, message] of messages.entries()) {
    const { origin } = message
    const [level, ...others] = levels[index] ?? []
    if (level === undefined) leftOut.push({ origin, reason: 'no diff in it' })
    else if (level > 0 && hasPlain) leftOut.push({ origin, reason: 'a reply that quotes a patch' })
    else if (others.length > 0) throw ambiguousLevel(message, [level, ...others])
    else patches.push(level === 0 ? await readPlainPatch(message) : readReview(message, level))
  }
  const [first] = leftOut
  if (patches.length > 0 || first === undefined) return { patches, leftOut }
  throw refuse('FCT_PATCH_NO_DIFF', first.origin, 'no diff in it, neither plain nor quoted with ">"')
}

function levelsOf({ commentary, patch }: Message): number[] {
  const quoted = findDiffLevels(linesOf(commentary + patch)).filter((level) => level > 0)
  return [...findDiffLevels(linesOf(patch)).filter((level) => level === 0), ...quoted]
}

function ambiguousLevel({ origin }: Message, levels: readonly number[]): FctError {
  return refuse(
    'FCT_PATCH_AMBIGUOUS_LEVEL',
    origin,
    `holds diffs at several quote levels (${levels.join(', ')}), which one is meant is not clear`,
    ['Save the diff that is meant to a file of its own.'],
  )
}

function readReview({ origin, commentary, patch }: Message, quoteLevel: number): ReviewPatch {
  const { diffLines, comments } = splitQuotation(linesOf(commentary + patch), quoteLevel)
  const diff = readDiff(diffLines, { origin, strip: 1, isLossy: true }, comments)
  const hunkCount = diff.files.reduce((sum, { hunks }) => sum + hunks.length, 0)
  if (hunkCount > hunkLimit) {
    throw refuse('FCT_PATCH_TOO_LARGE', origin, `a review of ${hunkCount} hunks, more than ${hunkLimit}`)
  }
  for (const file of diff.files) checkHunkSequence(file, origin)
  const before = diffLines.filter(({ number }) => number < diff.firstLine)
  const commentLines = comments.filter(
    ({ number }) => number > diff.firstLine && number < diff.lastLine,
  ).length
  const completeness = checkDiffstat(diff.files, before, origin)
  return { kind: 'review-mail', origin, files: diff.files, quoteLevel, commentLines, completeness }
}
