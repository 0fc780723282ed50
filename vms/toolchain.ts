import { existsSync, readFileSync } from 'node:fs'
import { lstat, readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Options } from 'execa'
import { cacheFolder } from '../harness/folders.js'
import { bootstrap } from './bootstrap.js'
import { obtain, type BuildContext } from './cache.js'
import { runProgram, type ProgramFailure } from './program.js'

/** Names a userland and a compiler: modules of a kernel are built with those of the kernel's own suite. */
export interface ToolchainSpec {
  /** Debian's code name: `bookworm`. */
  readonly suite: string
  /** `gcc-12` */
  readonly compiler: string
}

/** A place where kernels and modules can be compiled: this host, or a chroot of another suite. */
export interface Toolchain extends ToolchainSpec {
  /** First line of `compiler --version`; with it, what is built is named. */
  readonly version: string
  /** Runs a program there, as `runProgram` does. */
  run(
    file: string,
    args: readonly string[],
    failure: ProgramFailure,
    place: Place,
    options: Omit<Options, 'cwd' | 'env'> & { readonly signal: AbortSignal },
  ): Promise<string>
}

/** What a program sees: the cache and `readable` to read, `writable` to write, all under their own paths. */
export interface Place {
  /** Where the program starts. */
  readonly cwd: string
  readonly writable: readonly string[]
  readonly readable?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** What kernels and modules of every version are built with, beside the compiler. */
const chrootPackages = [
  'make',
  'libc6-dev',
  'libelf-dev',
  'libssl-dev',
  'zlib1g-dev',
  'flex',
  'bison',
  'bc',
  'kmod',
  'cpio',
  'rsync',
  'xz-utils',
  'perl',
  'ccache',
]

/** The code name of this host's Debian; '' elsewhere. */
function hostSuite(): string {
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : ''
  return /^ID=debian$/m.test(release) ? (/^VERSION_CODENAME=(.+)$/m.exec(release)?.[1] ?? '') : ''
}

/** This host with its usual compiler, for kernels that no suite has built. */
export function hostToolchain(): ToolchainSpec {
  return { suite: hostSuite(), compiler: 'gcc' }
}

/** The host where its suite is the one that is wanted, else a chroot, which is made once. */
export async function obtainToolchain(spec: ToolchainSpec, context: BuildContext): Promise<Toolchain> {
  const run = spec.suite === hostSuite() ? runOnHost : runInChroot(await obtainChroot(spec, context))
  const failure = { code: 'FCT_TOOLCHAIN_FAILED', doing: `looking for ${spec.compiler}` } as const
  const place = { cwd: '/', writable: [] }
  const version = await run(spec.compiler, ['--version'], failure, place, { signal: context.signal })
  return { ...spec, version: version.split('\n')[0] ?? '', run }
}

/**
 * make ends its shells when it is ended, and what they run goes on: `timeout` (with no limit) puts all of them in one process
 * group and ends that.
 */
const runOnHost: Toolchain['run'] = (file, args, failure, { cwd, env }, options) =>
  runProgram('timeout', ['0', file, ...args], failure, { ...options, cwd, env: { LC_ALL: 'C', ...env } })

async function obtainChroot({ suite, compiler }: ToolchainSpec, context: BuildContext): Promise<string> {
  const suites = { suites: [suite, `${suite}-updates`], securitySuites: [`${suite}-security`] }
  const packages = [compiler, ...chrootPackages]
  const folder = await obtain(
    {
      kind: 'chroot',
      inputs: { recipe: 1, suites, packages },
      title: `chroot of ${suite} with ${compiler}`,
      build: (into, signal) =>
        bootstrap(
          { suites, packages, tree: join(into, 'tree'), title: `the ${suite} chroot` },
          { ...context, signal },
        ),
    },
    context,
  )
  return join(folder, 'tree')
}

/** Folders of a root file system that bubblewrap gives anew, or that nobody needs to see. */
const ownOrUnwanted = new Set([
  'proc',
  'dev',
  'sys',
  'tmp',
  'run',
  'home',
  'root',
  'mnt',
  'media',
  'srv',
  'boot',
])

/**
 * bubblewrap mounts in a namespace of its own: whatever happens, no mount and no process is left behind. The tree is laid out
 * entry by entry, so that the cache can be seen in it under its own path.
 */
function runInChroot(tree: string): Toolchain['run'] {
  return async (file, args, failure, { cwd, writable, readable = [], env }, options) => {
    const binds = [
      ...(await bindTree(tree)),
      ...['--proc', '/proc', '--dev', '/dev', '--tmpfs', '/tmp'],
      ...[cacheFolder(), ...readable].flatMap((path) => ['--ro-bind', path, path]),
      ...writable.flatMap((path) => ['--bind', path, path]),
    ]
    const isolation = ['--die-with-parent', '--unshare-pid', '--unshare-net', '--unshare-ipc', '--clearenv']
    const variables = { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', HOME: '/tmp', LC_ALL: 'C', ...env }
    const setenv = Object.entries(variables).flatMap(([name, value]) => ['--setenv', name, value])
    const sandbox = [...isolation, ...setenv, ...binds, '--chdir', cwd]
    return runProgram('bwrap', [...sandbox, '--', file, ...args], failure, options)
  }
}

async function bindTree(tree: string): Promise<string[]> {
  const binds: string[] = []
  for (const name of await readdir(tree)) {
    if (ownOrUnwanted.has(name)) continue
    const path = join(tree, name)
    const isLink = (await lstat(path)).isSymbolicLink()
    if (isLink) binds.push('--symlink', await readlink(path), `/${name}`)
    else binds.push('--ro-bind', path, `/${name}`)
  }
  return binds
}
