import { openTreeGit, type TreeGit } from '../../vms/kernels/tree-git.js'
import { findRevision } from '../../vms/kernels/tree-revision.js'
import { openTreeSource } from '../../vms/kernels/tree-source.js'
import { isConfiguration } from '../../vms/patches/only-nfsd.js'
import { FctError, UsageError } from '../fct-error.js'
import { weigh } from './prior.js'
import { shortId, type Range } from './range.js'

export interface GitRangeOptions {
  readonly tree: string
  readonly good: string
  readonly bad: string
  /** Paths below which the user suspects the culprit. */
  readonly suspects: readonly string[]
}

/** `good..bad`, and what the user should know of it. */
export interface GitRange {
  readonly range: Range
  readonly notices: readonly string[]
}

/**
 * Reads the commits of `good..bad`, merges included. Revisions are looked up once: nothing that moves afterwards matters.
 *
 * @throws UsageError FCT_TREE_NO_REVISION, FCT_BISECT_EMPTY_RANGE, FCT_BISECT_NOT_ANCESTOR; FctError FCT_TREE_NOT_FOUND,
 *   FCT_TREE_NOT_GIT
 */
export async function readGitRange(options: GitRangeOptions, signal: AbortSignal): Promise<GitRange> {
  const git = await openTreeGit(options.tree, signal)
  try {
    const good = await resolve(git, options.tree, options.good)
    const bad = await resolve(git, options.tree, options.bad)
    await requireRange(git, { ...options, goodId: good, badId: bad })
    const range = rangeOf(await readCommits(git, good, bad), options.suspects, await readEnd(git, good))
    return { range, notices: await noticesOf(git, options, bad, signal) }
  } finally {
    await git.close()
  }
}

async function resolve(git: TreeGit, tree: string, revision: string): Promise<string> {
  try {
    return await findRevision(git, tree, revision, 'commit')
  } catch (error) {
    if (!(error instanceof FctError) || error.code !== 'FCT_TREE_NO_REVISION') throw error
    throw new UsageError(error.code, error.message, error.detail, { cause: error })
  }
}

interface Ends extends GitRangeOptions {
  readonly goodId: string
  readonly badId: string
}

async function requireRange(git: TreeGit, { tree, good, bad, goodId, badId }: Ends): Promise<void> {
  const count = async (from: string, to: string): Promise<number> =>
    Number(await git.run(['rev-list', '--count', `${from}..${to}`]))
  const [onlyBad, onlyGood] = [await count(goodId, badId), await count(badId, goodId)]
  if (onlyGood === 0 && onlyBad > 0) return
  if (onlyGood === 0)
    throw new UsageError('FCT_BISECT_EMPTY_RANGE', `${good} and ${bad} of ${tree} are one commit, ${goodId}`)
  if (onlyBad === 0)
    throw new UsageError(
      'FCT_BISECT_NOT_ANCESTOR',
      `${good} comes after ${bad} in ${tree}`,
      'Are --good and --bad exchanged?',
    )
  const fork = await git.run(['merge-base', goodId, badId]).catch(() => '')
  throw new UsageError(
    'FCT_BISECT_NOT_ANCESTOR',
    `${good} is no ancestor of ${bad} in ${tree}`,
    fork === '' ? '' : `They part at ${fork}: if that is good, name it with --good.`,
  )
}

interface Commit {
  readonly id: string
  readonly parents: readonly string[]
  readonly tree: string
  readonly subject: string
  /** What is not as in the first parent. */
  readonly touched: readonly string[]
  /** What is as in none of the parents. */
  readonly own: readonly string[]
}

/** No commit has a NUL in it. A subject, which stands last, is cut short by a mark of a field, and does nothing else. */
const [recordMark, fieldMark] = ['\0', '\x1f']

async function readCommits(git: TreeGit, good: string, bad: string): Promise<Commit[]> {
  const own = new Map((await log(git, good, bad, 'combined')).map(({ id, touched }) => [id, touched]))
  const commits = await log(git, good, bad, 'first-parent')
  return commits.map((commit) => ({ ...commit, own: own.get(commit.id) ?? [] }))
}

async function log(
  git: TreeGit,
  good: string,
  bad: string,
  merges: 'first-parent' | 'combined',
): Promise<Omit<Commit, 'own'>[]> {
  const text = await git.run([
    ...['-c', 'log.showSignature=false', 'log', '--topo-order', '--reverse', `${good}..${bad}`],
    ...['--name-only', '--no-renames', `--diff-merges=${merges}`],
    `--format=%x00%H${fieldMark}%P${fieldMark}%T${fieldMark}%s`,
  ])
  return text.split(recordMark).slice(1).map(parseCommit)
}

function parseCommit(text: string): Omit<Commit, 'own'> {
  const [head = '', ...paths] = text.split('\n')
  const [id = '', parents = '', tree = '', subject = ''] = head.split(fieldMark)
  const touched = paths.filter((path) => path !== '')
  return { id, parents: parents === '' ? [] : parents.split(' '), tree, subject, touched }
}

type End = Pick<Commit, 'id' | 'tree' | 'subject'>

async function readEnd(git: TreeGit, good: string): Promise<End> {
  const format = `--format=%T${fieldMark}%s`
  const text = await git.run(['-c', 'log.showSignature=false', 'log', '--no-walk', format, good])
  const [tree = '', subject = ''] = text.split(fieldMark)
  return { id: good, tree, subject }
}

/** What no kernel of ours is built from. */
const neverBuilt =
  /^(Documentation|LICENSES|tools\/(testing|perf))\/|^arch\/(?!x86\/)[^/]+\/|^(CREDITS|MAINTAINERS|\.mailmap)$/

/**
 * What a commit builds is told by its tree; where it touches nothing that is built, it builds what its first parent builds.
 * In the same way the kernel without nfsd.ko (its base) is that of its parent if fs/nfsd alone is touched; the nfsd.ko of
 * two commits with different trees is never taken to be the same.
 */
function rangeOf(commits: readonly Commit[], suspects: readonly string[], good: End): Range {
  const index = new Map(commits.map(({ id }, position) => [id, position]))
  const evidence = new Map([[good.id, good.tree]])
  const base = new Map([[good.id, good.tree]])
  const isMerge = ({ parents }: Commit): boolean => parents.length > 1
  const weights = weigh(
    commits.map((commit) => ({
      paths: isMerge(commit) ? commit.own : commit.touched,
      isMerge: isMerge(commit),
    })),
    suspects,
  )
  const candidates = commits.map(({ id, parents, tree, subject, touched }, position) => {
    const [first = ''] = parents
    const inherit = (from: Map<string, string>, isSame: (path: string) => boolean): string =>
      touched.every(isSame) ? (from.get(first) ?? `of ${first}`) : tree
    evidence.set(
      id,
      inherit(evidence, (path) => neverBuilt.test(path)),
    )
    base.set(id, inherit(base, isOfNfsdModule))
    return {
      ...{ id, subject, evidence: evidence.get(id) ?? tree, base: base.get(id) ?? tree },
      parents: parents.flatMap((parent) => index.get(parent) ?? []),
      weight: weights[position] ?? 1,
    }
  })
  const outside = commits.flatMap(({ parents }) => parents.filter((parent) => !index.has(parent)))
  const goodEvidence = new Set([
    good.tree,
    ...outside.map((parent) => evidence.get(parent) ?? `of ${parent}`),
  ])
  return {
    candidates,
    goodEvidence: [...goodEvidence],
    good: { id: good.id, subject: good.subject, evidence: good.tree, base: good.tree },
  }
}

function isOfNfsdModule(path: string): boolean {
  return path.startsWith('fs/nfsd/') && !isConfiguration(path)
}

/** Commits are tested, never a working tree: whoever means HEAD may have changes that he takes to be in it. */
async function noticesOf(
  git: TreeGit,
  { tree, bad }: GitRangeOptions,
  badId: string,
  signal: AbortSignal,
): Promise<string[]> {
  const head = await git.run(['rev-parse', '--verify', '--quiet', 'HEAD^{commit}']).catch(() => '')
  if (head !== badId || !(await isDirty(git, tree, signal))) return []
  return [`${tree} has uncommitted changes; ${bad} is tested as it was committed, ${shortId(badId)}`]
}

async function isDirty(git: TreeGit, tree: string, signal: AbortSignal): Promise<boolean> {
  try {
    const working = await openTreeSource(`tree:${tree}`, signal)
    await working.close()
    return working.nfsd.hash !== (await git.run(['rev-parse', 'HEAD^{tree}']))
  } catch (error) {
    if (!(error instanceof FctError)) throw error
    return error.code === 'FCT_TREE_CONFLICT' // others: there is no working tree
  }
}
