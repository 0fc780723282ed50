import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { dropKnownDump } from '../../../harness/store/known-dumps.js'
import type { ResultDocument } from '../../../harness/verdict/result.js'

let runs = ''

beforeEach(async () => {
  runs = await mkdtemp(join(tmpdir(), 'fct-dumps-'))
})

afterEach(() => rm(runs, { recursive: true }))

const resultOf = (...signatures: string[]): Pick<ResultDocument, 'findings'> => ({
  findings: signatures.map((signature) => ({
    ...{ rule: 'console-splat', signature, count: 1, firstGuestSecond: 1, evidence: '' },
  })),
})

/** A run with a dump; one that is not over has no verdict. */
async function makeRun(name: string, ...signatures: string[]): Promise<string> {
  const run = join(runs, name)
  await mkdir(join(run, 'autopsy'), { recursive: true })
  await writeFile(join(run, 'autopsy', 'vmcore'), name)
  if (signatures.length > 0)
    await writeFile(join(run, 'verdict.json'), JSON.stringify(resultOf(...signatures)))
  return run
}

it('keeps the dump of the first that died of something', async () => {
  await makeRun('other', 'BUG in nfsd_read')
  await makeRun('under way')
  const run = await makeRun('run')
  expect(await dropKnownDump(run, resultOf('BUG in nfsd_write'))).toBeUndefined()
  expect(existsSync(join(run, 'autopsy', 'vmcore'))).toBe(true)
})

it('drops that of one that died of the same, and says where the first is', async () => {
  const first = await makeRun('first', 'WARNING in nfsd_file_put', 'BUG in nfsd_read')
  const run = await makeRun('run')
  expect(await dropKnownDump(run, resultOf('BUG in nfsd_read', 'WARNING in nfsd_file_put'))).toBe(first)
  expect(existsSync(join(run, 'autopsy', 'vmcore'))).toBe(false)
  expect(existsSync(join(first, 'autopsy', 'vmcore'))).toBe(true)
})
