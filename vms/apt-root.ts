import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FctError, UsageError } from '../harness/fct-error.js'
import type { BuildContext } from './cache.js'
import { runProgram } from './program.js'

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg'

/** A private view of Debian's archive: own lists, own sources, signatures checked; the host's settings stay as they are. */
export interface AptRoot {
  readonly folder: string
  readonly env: Record<string, string>
  readonly signal: AbortSignal
}

export interface Suites {
  /** Suites of the main archive, the base suite first: `bookworm`, `bookworm-updates`. */
  readonly suites: readonly string[]
  /** Suites of the security archive: `bookworm-security`. */
  readonly securitySuites: readonly string[]
}

/** Sets up the private root for some suites below `folder` and loads their package lists. */
export async function createAptRoot(
  folder: string,
  suites: Suites,
  { signal, mirrors }: Pick<BuildContext, 'signal' | 'mirrors'>,
): Promise<AptRoot> {
  for (const sub of ['lists/partial', 'cache/archives/partial', 'etc', 'state']) {
    await mkdir(join(folder, sub), { recursive: true })
  }
  await writeFile(join(folder, 'state', 'status'), '')
  await writeFile(join(folder, 'etc', 'sources.list'), sourcesFor(suites, mirrors ?? (await findMirrors())))
  await writeFile(join(folder, 'etc', 'apt.conf'), configurationFor(folder))
  const root = { folder, env: { APT_CONFIG: join(folder, 'etc', 'apt.conf'), LC_ALL: 'C' }, signal }
  await apt(root, ['-qq', 'update'], `loading the package lists of ${suites.suites.join(', ')}`)
  return root
}

export async function apt(
  root: AptRoot,
  args: readonly string[],
  doing: string,
  cwd = root.folder,
): Promise<string> {
  return runProgram(
    'apt-get',
    args,
    { code: 'FCT_APT_FAILED', doing },
    { env: root.env, cwd, signal: root.signal },
  )
}

export async function aptCache(root: AptRoot, args: readonly string[], doing: string): Promise<string> {
  return runProgram(
    'apt-cache',
    args,
    { code: 'FCT_APT_FAILED', doing },
    { env: root.env, signal: root.signal },
  )
}

function configurationFor(folder: string): string {
  const settings = {
    'Dir::Etc::SourceList': join(folder, 'etc', 'sources.list'),
    'Dir::Etc::SourceParts': '/dev/null',
    'Dir::Etc::Preferences': '/dev/null',
    'Dir::Etc::PreferencesParts': '/dev/null',
    'Dir::State': join(folder, 'state'),
    'Dir::State::Lists': join(folder, 'lists'),
    'Dir::State::Status': join(folder, 'state', 'status'),
    'Dir::Cache': join(folder, 'cache'),
    'APT::Sandbox::User': 'root',
    'APT::Architecture': 'amd64',
    'Acquire::Languages': 'none',
    'APT::Update::Error-Mode': 'any',
  }
  return Object.entries(settings)
    .map(([key, value]) => `${key} "${value}";\n`)
    .join('')
}

export interface Mirrors {
  readonly main: string
  readonly security: string | undefined
}

/** Where this host gets Debian from, read from its own apt configuration. */
export async function findMirrors(): Promise<Mirrors> {
  const targets = await runProgram(
    'apt-get',
    ['indextargets', '--format', '$(REPO_URI) $(RELEASE)', 'Created-By: Packages'],
    {
      code: 'FCT_APT_FAILED',
      doing: "reading the host's apt configuration",
    },
  )
  return chooseMirrors(targets)
}

/** Lines of "URI release", in the order of the host's sources. */
export function chooseMirrors(indexTargets: string): Mirrors {
  const rows = indexTargets.split('\n').map((line) => line.trim().split(' '))
  const uriOf = (pattern: RegExp): string | undefined => rows.find(([uri]) => pattern.test(uri ?? ''))?.[0]
  const security = uriOf(/\/debian-security\/?$/)
  const main = uriOf(/\/debian\/?$/)
  if (main === undefined) {
    throw new FctError(
      'FCT_APT_NO_MIRROR',
      "found no Debian archive in this host's apt configuration",
      'fctorture reads the mirror from there: a source whose address ends in /debian is needed.',
    )
  }
  return { main, security }
}

/** @throws UsageError FCT_MIRROR_INVALID for an address that would be more than one word of a line */
export function sourcesFor({ suites, securitySuites }: Suites, { main, security }: Mirrors): string {
  const bad = [main, security ?? main].find((mirror) => !/^[a-z]+:[^\s[\]]+$/.test(mirror))
  if (bad !== undefined) throw new UsageError('FCT_MIRROR_INVALID', `${JSON.stringify(bad)} is no address`)
  const line = (mirror: string, suite: string): string =>
    `deb [signed-by=${keyring}] ${mirror} ${suite} main\n`
  const fromSecurity = security === undefined ? [] : securitySuites.map((suite) => line(security, suite))
  return [...suites.map((suite) => line(main, suite)), ...fromSecurity].join('')
}
