import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FctError } from '../../harness/fct-error.js'
import { runGit } from './git.js'
import { hunkHeader, parseHunkHeader } from './hunk-header.js'
import { describeOrigin, touchedFiles, type Patch } from './patch.js'
import { refuse } from './refusal.js'

export interface GitApplication {
  readonly patch: Patch
  readonly strip: number
  readonly diffFile: string
  /** A copy of the files that the patch touches, no repository. */
  readonly folder: string
}

/** Applies a diff to a folder. @throws FctError FCT_PATCH_DOES_NOT_APPLY; what is in the folder then is good for nothing. */
export async function applyWithGit(application: GitApplication): Promise<void> {
  try {
    await gitApply(application, [])
  } catch (error) {
    if (!(error instanceof FctError) || !/^error: /m.test(error.detail)) throw error
    throw await explainFailure(application, error)
  }
}

async function gitApply(
  { patch, strip, diffFile, folder }: GitApplication,
  options: string[],
): Promise<void> {
  const doing = `applying ${describeOrigin(patch.origin)}`
  const args = ['apply', `-p${strip}`, '--whitespace=nowarn', ...options, diffFile]
  await runGit(args, folder, { code: 'FCT_PATCH_DOES_NOT_APPLY', doing })
}

/** Applies what can be applied, so that git writes down what it rejects. */
async function explainFailure(application: GitApplication, error: FctError): Promise<FctError> {
  await gitApply(application, ['--reject']).catch(() => undefined)
  const rejects = await readRejects(application)
  const gitSays = error.detail.split('\n').filter((line) => line.startsWith('error: '))
  const [first] = rejects
  const places =
    first === undefined ? gitSays[0]?.replace('error: ', '') : rejects.map(({ where }) => where).join('; ')
  const reason = `${places ?? ''}: does not apply`
  const lines = [...gitSays, ...rejects.flatMap((reject) => reject.lines)]
  return refuse('FCT_PATCH_DOES_NOT_APPLY', application.patch.origin, reason, lines)
}

interface Reject {
  /** `fs/nfsd/filecache.c, hunk 2` */
  readonly where: string
  readonly lines: readonly string[]
}

/** Rejected hunks of a file that are named; the rest is counted. */
const hunksNamed = 20

async function readRejects({ patch, folder }: GitApplication): Promise<Reject[]> {
  const rejects: Reject[] = []
  for (const path of touchedFiles(patch)) {
    const text = await readFile(join(folder, `${path}.rej`), 'latin1').catch(() => undefined)
    if (text === undefined) continue
    const lines = text.trimEnd().split('\n')
    const headers = lines.filter((line) => hunkHeader.test(line))
    const numbers = headers.slice(0, hunksNamed).map((header) => numberOf(header, path, patch))
    const more = headers.length > hunksNamed ? ` and ${headers.length - hunksNamed} more` : ''
    rejects.push({
      where: `${path}, ${headers.length === 1 ? 'hunk' : 'hunks'} ${numbers.join(', ')}${more}`,
      lines,
    })
  }
  return rejects
}

/** By its counts and new start, which neither git nor our alignment changes for a plain patch; by its text else. */
function numberOf(header: string, path: string, patch: Patch): string {
  const rejected = parseHunkHeader(header)
  const hunks = patch.files.filter((file) => file.path === path).flatMap((file) => file.hunks)
  const same = hunks.find(
    (hunk) => hunk.oldStart === rejected?.oldStart && hunk.newStart === rejected.newStart,
  )
  return same === undefined ? `at ${header}` : String(same.number)
}
