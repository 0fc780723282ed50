import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FctError } from '../../../harness/fct-error.js'
import { buildFullKernel } from '../../../vms/kernels/full-build.js'
import { hostToolchain, obtainToolchain } from '../../../vms/toolchain.js'

let folder = ''

/** What a kernel's tree does with `make allnoconfig`: it takes what is asked for, if it knows the symbol. */
const configure = 'allnoconfig:\n\t@cp $(KCONFIG_ALLCONFIG) $(O)/.config\n'

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fct-test-full-'))
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'))
  for (const name of ['source', 'into']) await mkdir(join(folder, name))
  await writeFile(join(folder, 'source', 'Kconfig'), 'config NFSD\n\ttristate "server"\n')
  await writeFile(join(folder, 'some.config'), 'CONFIG_NFSD=m\n')
})

afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true })
})

/** Builds a tree with this Makefile. */
async function build(makefile: string, signal = new AbortController().signal): Promise<void> {
  const source = join(folder, 'source')
  await writeFile(join(source, 'Makefile'), makefile)
  const configs = [join(folder, 'some.config')]
  const context = { announce: () => () => undefined, signal }
  const toolchain = await obtainToolchain(hostToolchain(), context)
  const request = { source, configs, localVersion: '-fct.test', into: join(folder, 'into'), logName: 'test' }
  await buildFullKernel({ ...request, toolchain }, context)
}

async function failureOf(makefile: string): Promise<FctError> {
  const error: unknown = await build(makefile).catch((reason: unknown) => reason)
  if (error instanceof FctError) return error
  throw new Error(`no FctError: ${String(error)}`)
}

const logFile = (): string => join(folder, 'cache', 'fctorture', 'logs', 'test.log')

describe('a build that fails', () => {
  it('says its first error, and its log stays', async () => {
    const bzImage = [
      'bzImage:',
      '\t@echo "  CC      fs/nfsd/filecache.o"',
      '\t@echo "fs/nfsd/filecache.c:17:2: error: no such field" >&2; exit 1',
    ]
    const error = await failureOf(`${configure}${bzImage.join('\n')}\n`)
    expect(error.code).toBe('FCT_KERNEL_BUILD')
    expect(error.message).toMatch(/: fs\/nfsd\/filecache\.c:17:2: error: no such field$/)
    expect(error.detail).toContain(logFile())
    expect(await readFile(logFile(), 'utf8')).toMatch(/CC {6}fs\/nfsd\/filecache\.o[^]*error: no such field/)
  })

  it('names the package of a program that is missing', async () => {
    const error = await failureOf(
      `${configure}bzImage:\n\t@echo '/bin/sh: 1: flex: not found' >&2; exit 127\n`,
    )
    expect(error.detail).toMatch(/^Install the Debian package flex\./)
  })

  it('ends before anything is compiled when a line did not take effect', async () => {
    const compiled = join(folder, 'into', 'compiled')
    const makefile = `allnoconfig:\n\t@: > $(O)/.config\nbzImage:\n\t@: > ${compiled}; exit 1\n`
    const error = await failureOf(makefile)
    expect(error.code).toBe('FCT_KERNEL_CONFIG')
    expect(error.detail).toBe('some.config:1: CONFIG_NFSD=m: got n')
    await expect(stat(compiled)).rejects.toThrow(/ENOENT/)
  })
})

describe('a build that is interrupted', () => {
  it('leaves no compiler behind', async () => {
    const started = join(folder, 'into', 'pid')
    // As the kernel's Makefiles have it: a shell with more than one command, and the compiler is its child.
    const recipe = `\t@set -e; sh -c 'echo $$$$ > ${started}; exec sleep ${secondsOfCompiler}'; true\n`
    const controller = new AbortController()
    const ended = build(`${configure}bzImage:\n${recipe}`, controller.signal).catch((error: unknown) => error)
    const read = async (): Promise<number> => Number(/^(\d+)\n$/.exec(await readFile(started, 'utf8'))?.[1])
    const pid = await vi.waitFor(async () => expectNumber(await read()), { timeout: 15_000, interval: 50 })
    const reason = new Error('the user stopped it')
    controller.abort(reason)
    expect(await ended).toBe(reason)
    // Whoever inherits it may take a moment to reap it.
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow(/ESRCH/), { timeout: 5000 })
  })
})

/** Shorter than the test may take, so that a compiler which stays behind fails the test and does not outlive it long. */
const secondsOfCompiler = 20

function expectNumber(value: number): number {
  expect(value).toBeGreaterThan(0)
  return value
}
