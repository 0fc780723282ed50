import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { packageRoot } from '../../harness/folders.js'
import { moduleArguments } from '../../vms/test-module.js'
import { obtainStockKernel } from '../stock-kernel.js'

let folder = ''
let output = ''
let modinfo = ''

beforeAll(async () => {
  const { kernel } = await obtainStockKernel()
  folder = await mkdtemp(join(tmpdir(), 'fct-test-kmod-'))
  await cp(join(packageRoot, 'kmod'), folder, { recursive: true })
  const make = await execa(
    'make',
    ['-C', folder, 'W=1', 'C=2', ...moduleArguments({ kernel, nfsdSource: undefined })],
    { all: true },
  )
  output = make.all
  const { stdout } = await execa('modinfo', [join(folder, 'fctorture.ko')])
  modinfo = stdout
})

afterAll(() => rm(folder, { recursive: true }))

it('builds without a warning of the compiler at W=1, and of sparse', () => {
  expect(output).toContain('LD [M]')
  expect(output).toMatch(/^ *CHECK .*fct_core\.c$/m)
  expect(output).not.toMatch(/warning:|error:/)
})

it('describes itself and each of its parameters', () => {
  expect(modinfo).toMatch(/^license: +GPL/m)
  expect(modinfo).toMatch(/^description: +\S/m)
  const parameters = modinfo.split('\n').filter((line) => line.startsWith('parm:'))
  expect(parameters.length).toBeGreaterThan(0)
  for (const parameter of parameters) expect(parameter).toMatch(/^parm: +\w+:\S/)
})
