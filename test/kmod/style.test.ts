import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { packageRoot } from '../../harness/folders.js'
import { obtainStockKernel, quietContext } from '../stock-kernel.js'

const sources = join(packageRoot, 'kmod')
const scripts = ['scripts/checkpatch.pl', 'scripts/spelling.txt', 'scripts/const_structs.checkpatch']
let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fct-test-style-'))
  const { kernel } = await obtainStockKernel()
  await kernel.source?.exportPaths(scripts, folder, quietContext)
})

afterAll(() => rm(folder, { recursive: true }))

async function check(...files: string[]): Promise<string> {
  const script = join(folder, 'scripts', 'checkpatch.pl')
  const { all } = await execa('perl', [script, '--terse', '--show-types', '--file', ...files], {
    cwd: sources,
    reject: false,
    all: true,
  })
  return all
}

it("satisfies the kernel's checkpatch --strict (but for what kmod/.checkpatch.conf names)", async () => {
  const files = (await readdir(sources)).filter((name) => /\.[ch]$/.test(name))
  expect(await check(...files)).toBe('')
})

it('would hear of a fault', async () => {
  const faulty = join(folder, 'faulty.c')
  await execa('sed', ['s/u64 value/u64  *  value/', join(sources, 'fct_run.c')], { stdout: { file: faulty } })
  expect(await check(faulty)).toMatch(/^total: [1-9]\d* errors/m)
})
