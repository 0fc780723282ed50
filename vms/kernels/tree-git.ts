import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FctError } from '../../harness/fct-error.js'
import { runProgram } from '../program.js'

/** git on a repository of the user's, arranged so that nothing in it changes: index and new objects are kept in a scratch folder. */
export interface TreeGit {
  readonly scratch: string
  run(args: readonly string[], options?: GitOptions): Promise<string>
  close(): Promise<void>
}

interface GitOptions {
  readonly code?: `FCT_${string}`
  readonly input?: string
  readonly workTree?: string
}

/** @throws FctError FCT_TREE_NOT_FOUND, FCT_TREE_NOT_GIT */
export async function openTreeGit(path: string, signal: AbortSignal): Promise<TreeGit> {
  const top = await realpath(path).catch(() => {
    throw new FctError('FCT_TREE_NOT_FOUND', `there is no folder ${path}`)
  })
  const ask = (...args: string[]): Promise<string> => runGit(top, args, {}, signal, {})
  const [gitDir = '', objects = ''] = (
    await ask('rev-parse', '--path-format=absolute', '--absolute-git-dir', '--git-path', 'objects')
  ).split('\n')
  const isBare = (await ask('rev-parse', '--is-bare-repository')) === 'true'
  if (!isBare && (await ask('rev-parse', '--show-toplevel')) !== top)
    throw new FctError('FCT_TREE_NOT_GIT', `${path} is a folder inside of a git tree: name the tree itself`)
  const scratch = await mkdtemp(join(tmpdir(), 'fct-tree-'))
  await mkdir(join(scratch, 'objects'))
  const env = {
    GIT_DIR: gitDir,
    GIT_INDEX_FILE: join(scratch, 'index'),
    GIT_OBJECT_DIRECTORY: join(scratch, 'objects'),
    GIT_ALTERNATE_OBJECT_DIRECTORIES: objects,
  }
  return {
    scratch,
    run: (args, options = {}) =>
      runGit(top, args, { ...env, GIT_WORK_TREE: options.workTree ?? top }, signal, options),
    close: () => rm(scratch, { recursive: true, force: true }),
  }
}

/**
 * No hooks and no monitor of the repository's are started, and no lock is taken in it. That a tree may belong to somebody else
 * than the user who runs this is no danger beyond that of building it.
 */
const settings = {
  'safe.directory': '*',
  'core.hooksPath': '/dev/null',
  'core.fsmonitor': 'false',
  'core.autocrlf': 'false', // what has one hash has one content
}

/**
 * Variables that git hands to what it runs (hooks, `rebase --exec`, `bisect run` in a linked worktree): GIT_DIR would put
 * another repository in the place of the one that was named.
 */
function unsetGitVariables(): Record<string, undefined> {
  const names = Object.keys(process.env).filter((name) => /^GIT_(?!SSL_|SSH|EXEC_PATH)/.test(name))
  return Object.fromEntries(names.map((name) => [name, undefined]))
}

async function runGit(
  cwd: string,
  args: readonly string[],
  env: Record<string, string>,
  signal: AbortSignal,
  { code = 'FCT_TREE_NOT_GIT', input }: GitOptions,
): Promise<string> {
  const configuration = Object.entries(settings).flatMap(([name, value], index) => [
    [`GIT_CONFIG_KEY_${index}`, name],
    [`GIT_CONFIG_VALUE_${index}`, value],
  ])
  const all = {
    ...unsetGitVariables(),
    ...env,
    GIT_CONFIG_COUNT: String(Object.keys(settings).length),
    ...(Object.fromEntries(configuration) as Record<string, string>),
    GIT_OPTIONAL_LOCKS: '0',
    LC_ALL: 'C',
  }
  const failure = { code, doing: `reading the git tree ${cwd}` }
  const stdin = input === undefined ? {} : { stdin: 'pipe' as const, input }
  return runProgram('git', args, failure, { cwd, env: all, signal, ...stdin })
}
