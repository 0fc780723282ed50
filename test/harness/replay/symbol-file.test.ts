import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readKallsyms, symbolFile } from '../../../harness/replay/symbol-file.js'

const kallsyms = `0000000000000000 A fixed_percpu_data
ffffffff81000000 T _text
ffffffff81036350 t oops_begin
ffffffff82000000 D init_task
ffffffffc068e000 t nfsd_file_put\t[nfsd]
ffffffffc068e170 t nfsd_file_free\t[nfsd]
`

let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fct-test-'))
})

afterAll(() => rm(folder, { recursive: true }))

it('gives gdb the names of addresses, of modules as well', async () => {
  const path = join(folder, 'kernel')
  await writeFile(path, symbolFile(readKallsyms(kallsyms)))
  const asked = ['info symbol 0xffffffff81036355', 'info symbol 0xffffffffc068e081', 'print &init_task']
  const { stdout } = await execa('gdb', ['-nx', '-batch', path, ...asked.flatMap((ask) => ['-ex', ask])])
  expect(stdout).toContain('oops_begin + 5 in section .text')
  expect(stdout).toContain('nfsd_file_put + 129 in section .text')
  expect(stdout).toContain('0xffffffff82000000 <init_task>')
})

it('leaves out what is no address', () => {
  expect(readKallsyms(kallsyms).map(({ name }) => name)).not.toContain('fixed_percpu_data')
})
