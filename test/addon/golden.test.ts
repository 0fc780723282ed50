import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readTrace } from '../../addon/index.js'
import { readCatalogue } from '../../vms/kernels/catalogue.js'
import { fixturesFolder } from '../harness/fixtures.js'
import { expectSame, parseRawReport } from './raw-report.js'

/*
 * Raw pages of a guest of each kernel, and what libtraceevent read in them when they were recorded (record-golden.ts): what
 * formats and pages look like differs from kernel to kernel.
 */
const golden = fixturesFolder('golden')
let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fct-golden-'))
})

afterAll(() => rm(folder, { recursive: true }))

const unpack = (kernel: string, name: string): Buffer => gunzipSync(readFileSync(join(golden, kernel, name)))

it('has pages of each kernel of the catalogue', () => {
  const kernels = [...readCatalogue().keys()].map((name) => name.replace(':', '-'))
  expect(readdirSync(golden).sort()).toEqual(kernels.sort())
})

it.each(readdirSync(golden))('reads in pages of %s what libtraceevent read', async (kernel) => {
  const path = join(folder, `${kernel}.dat`)
  await writeFile(path, unpack(kernel, 'trace.dat.gz'))
  const trace = await readTrace(path)
  expect(trace).toMatchObject({ version: 6, clock: 'counter', cpus: 2, gaps: [] })
  expect(trace.perCpu.map(({ pages }) => pages)).toEqual([12, 12])
  expectSame(trace, parseRawReport(unpack(kernel, 'report.txt.gz').toString()))
})
