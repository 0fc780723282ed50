import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { obtainNfsdModule } from '../../vms/kernels/nfsd-module.js'
import { obtainKernel } from '../../vms/kernels/kernels.js'
import { obtainStockKernel, quietContext } from '../stock-kernel.js'
import { runFctorture } from '../run-fctorture.js'

let folder = ''
let tree = ''

async function git(...args: string[]): Promise<void> {
  const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.org', '-c', 'gc.auto=0']
  await execa('git', [...identity, ...args], { cwd: tree })
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
