import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { obtainNfsdModule } from '../../vms/kernels/nfsd-module.js'
import { obtainKernel } from '../../vms/kernels/kernels.js'
import { borrowable, borrowCache, inCache } from '../borrowed-cache.js'
import { obtainStockKernel, quietContext } from '../stock-kernel.js'
import { runFctorture } from '../run-fctorture.js'

let folder = ''
let tree = ''

async function git(...args: string[]): Promise<{ stdout: string }> {
  const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.org', '-c', 'gc.auto=0']
  return execa('git', [...identity, ...args], { cwd: tree })
}

/** Debian's source of 6.1 as a git tree, with a commit in fs/nfsd on top. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fct-test-built-'))
  tree = join(folder, 'linux')
  const { kernel } = await obtainStockKernel()
  await kernel.source?.exportAll(tree, quietContext)
  await git('init', '--quiet')
  await git('add', '--all', '--force')
  await git('commit', '--quiet', '--message', 'as Debian has it')
  const file = join(tree, 'fs', 'nfsd', 'filecache.c')
  await writeFile(file, `${await readFile(file, 'utf8')}\nint fct_test_marker = 1;\n`)
  await git('commit', '--quiet', '--all', '--message', 'nfsd: a marker')
})

afterAll(() => rm(folder, { recursive: true }))

async function srcversionOf(name: string): Promise<string> {
  const { nfsd } = await obtainKernel({ name, patches: [], profile: 'stock' }, quietContext)
  const { stdout } = await execa('modinfo', ['-F', 'srcversion', nfsd?.path ?? ''])
  return stdout
}

it('runs a git tree, and another commit of fs/nfsd on the same kernel', async () => {
  const head = `tree:${tree}@HEAD`
  const first = await runFctorture(folder, ['--kernel', head, '--time', '10'])
  expect({ verdict: first.result.verdict, stderr: first.stderr }).toMatchObject({ verdict: 'PASS' })
  expect(first.record.kernel.release).toMatch(/^6\.1\.\d+-fct\.[0-9a-f]{8}$/)
  expect(first.result.kernel.build).toMatchObject({ kernel: 'full build', nfsd: 'rebuilt alone' })
  expect(first.record.kernel.nfsd?.srcversion).toBe(await srcversionOf(head))
  const second = await runFctorture(folder, ['--kernel', `${head}~1`, '--time', '10'])
  expect(second.stderr).not.toMatch(/building: kernel/)
  expect(second.record.kernel.release).toBe(first.record.kernel.release)
  expect(second.record.kernel.nfsd?.srcversion).not.toBe(first.record.kernel.nfsd?.srcversion)
  const { stdout } = await execa('git', ['status', '--porcelain', '--ignored'], { cwd: tree })
  expect(stdout).toBe('')
})

it('builds the same kernel, byte for byte, in another cache', async () => {
  const obtain = async (): Promise<Buffer[]> => {
    const request = { name: `tree:${tree}@HEAD`, patches: [], profile: 'stock' } as const
    const { kernel } = await obtainKernel(request, quietContext)
    const modules = ['fs/nfsd/nfsd.ko', 'net/sunrpc/sunrpc.ko'].map((path) =>
      join(kernel.modules, 'kernel', path),
    )
    return Promise.all([kernel.image, kernel.config, ...modules].map((path) => readFile(path)))
  }
  const here = await obtain()
  const home = join(folder, 'another')
  await borrowCache(home, borrowable.objects)
  const there = await inCache(home, obtain)
  expect(there.map((file, index) => file.equals(here[index]!))).toEqual([true, true, true, true])
})

it('builds a git tree anew for a patch outside fs/nfsd, and says why', async () => {
  const path = join(folder, 'lockd.patch')
  const file = join(tree, 'fs', 'lockd', 'svc.c')
  await writeFile(file, `${await readFile(file, 'utf8')}MODULE_INFO(fct_test, "patched");\n`)
  const { stdout: diff } = await git('diff')
  await writeFile(path, `${diff}\n`)
  await git('checkout', '--quiet', '--', 'fs/lockd/svc.c')
  const head = `tree:${tree}@HEAD`
  const run = await runFctorture(folder, ['--kernel', head, '--patch', path, '--time', '10'])
  expect({ verdict: run.result.verdict, stderr: run.stderr }).toMatchObject({ verdict: 'PASS' })
  expect(run.result.kernel.build).toEqual({
    kernel: 'full build',
    nfsd: 'as built',
    reason: 'the patches touch fs/lockd/svc.c; nfsd is built with it',
  })
  const { kernel } = await obtainKernel({ name: head, patches: [path], profile: 'stock' }, quietContext)
  expect(run.record.kernel.release).toBe(kernel.release)
  const lockd = join(kernel.modules, 'kernel', 'fs', 'lockd', 'lockd.ko')
  expect((await execa('modinfo', ['-F', 'fct_test', lockd])).stdout).toBe('patched')
})

it('runs the build tree of somebody else as image:PATH', async () => {
  const { kernel } = await obtainKernel(
    { name: `tree:${tree}@HEAD`, patches: [], profile: 'stock' },
    quietContext,
  )
  const { result, record, stderr } = await runFctorture(folder, [
    '--kernel',
    `image:${kernel.image}`,
    '--time',
    '10',
  ])
  expect({ verdict: result.verdict, stderr }).toMatchObject({ verdict: 'PASS' })
  expect(record.kernel.release).toBe(kernel.release)
  expect(result.kernel.build).toMatchObject({ kernel: 'image', nfsd: 'as built' })
})

it('runs with profile kasan, and a patched nfsd.ko on it', async () => {
  const clean = await runFctorture(folder, ['--profile', 'kasan', '--time', '10'])
  expect({ verdict: clean.result.verdict, stderr: clean.stderr }).toMatchObject({ verdict: 'PASS' })
  expect(clean.record.kernel.release).toMatch(/-fct\.[0-9a-f]{8}$/)
  const console = await readFile(join(clean.result.run, 'console.log'), 'utf8')
  expect(console).toMatch(/kasan: KernelAddressSanitizer initialized/)
  const request = { name: 'debian:6.1', patches: [], profile: 'kasan' } as const
  const { kernel } = await obtainKernel(request, quietContext)
  const source = kernel.source
  if (source === undefined) throw new Error('a kernel of our own has its source')
  const nfsd = await obtainNfsdModule({ kernel, source, patches: { patches: [], leftOut: [] } }, quietContext)
  const { stdout } = await execa('modinfo', ['-F', 'vermagic', nfsd.path])
  expect(stdout).toContain(kernel.release)
})

it('runs with profile kasan what another suite of Debian has built', async () => {
  const { result, stderr } = await runFctorture(folder, [
    ...['--kernel', 'debian:7.3', '--profile', 'kasan'],
    ...['--time', '10'],
  ])
  expect({ verdict: result.verdict, stderr }).toMatchObject({ verdict: 'PASS' })
})

it('runs with profile kcsan, which watches from the start', async () => {
  const { result, stderr } = await runFctorture(folder, ['--profile', 'kcsan', '--time', '10'])
  const console = await readFile(join(result.run, 'console.log'), 'utf8')
  expect(console).toMatch(/kcsan: enabled early/)
  // Races of nfsd itself may be found; nothing else may be in doubt.
  const doubts = result.reasons.filter(({ message }) => !message.startsWith('console-splat: KCSAN: '))
  expect({ doubts, stderr }).toMatchObject({ doubts: [] })
  expect(result.events).toMatchObject({ lost: 0, unexplained: 0 })
})
