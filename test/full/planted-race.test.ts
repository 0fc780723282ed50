import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { packageRoot } from '../../harness/folders.js'
import type { MinimiseDocument } from '../../harness/replay/minimum-text.js'
import { loadScenario, type Scenario } from '../../harness/scenario/scenario.js'
import { haveOwnTemporaryFolder } from '../leftovers.js'
import { askFctorture } from '../same-seed.js'

// The bug that 6.1 has is mended, so that what is found is what was planted.
const patches = [
  join(packageRoot, 'vms', 'fixes', 'put-reads-after-handover', '6.1.patch'),
  join(packageRoot, 'test', 'full', 'put-looks-first.patch'),
]
const kernel = ['--kernel', 'debian:6.1', '--patch', ...patches]
const seeds = '1..6'
const splat = 'console-splat: refcount_t: decrement hit 0; leaking memory'

type Points = NonNullable<Scenario['inject']>['points']
type Way = Points[string]

/** What is done between seeing and giving back, in one of five passes. */
const ways = {
  switches: { rate_ppm: 200_000, mode: 'resched' },
  spins: { rate_ppm: 200_000, mode: 'spin', shape: 'log-uniform', min_ns: 200, max_ns: 2000 },
} as const satisfies Readonly<Record<string, Partial<Way>>>

let runs = ''
let end: () => Promise<void>
let run = ''
let signature = ''

beforeAll(async () => {
  ;({ runs, end } = await haveOwnTemporaryFolder())
})

afterAll(() => end())

async function scenarioWith(way: keyof typeof ways): Promise<string> {
  const { churn, inject, ...whole } = loadScenario('RESCHED01')
  expect(churn).toBeDefined()
  const points = { entry_nfsd_file_put_noref: ways[way], nfsd_file_lru_add: ways[way] }
  const scenario = {
    ...whole,
    ...{ name: 'PLANTED01', seconds: 2, exports: ['tmpfs'], versions: ['3'], exposure: [] },
    stressors: {
      close: { threads: 1, gap_us: 2000, burst: 1 },
      synthetic: { threads: 3, gap_us: 2000, burst: 4, hold_us: 100 },
    },
    inject: { ...inject, points },
  }
  const path = join(runs, `${way}.yaml`)
  await writeFile(path, stringify(scenario))
  return path
}

interface SearchDocument {
  readonly tried: number
  readonly findings: readonly { signature: string; seeds: readonly number[]; run: string }[]
}

async function search(way: keyof typeof ways): Promise<SearchDocument> {
  const args = ['search', await scenarioWith(way), '--seeds', seeds, '--all', ...kernel]
  const { document, stderr } = await askFctorture([...args, '--json', '--runs', join(runs, way)])
  expect(document, stderr).toMatchObject({ tried: 6 })
  return document as SearchDocument
}

describe('a race whose window is a few instructions', () => {
  it('is found by forced switches', async () => {
    const found = (await search('switches')).findings.find((finding) => finding.signature.startsWith(splat))
    expect(found?.seeds.length).toBeGreaterThanOrEqual(4)
    ;({ run, signature } = found ?? { run, signature })
  })

  it('is not found by spins at the same points, as often', async () => {
    expect((await search('spins')).findings).toEqual([])
  })

  it('is replayed three times, byte for byte', async () => {
    for (let round = 0; round < 3; round++) {
      const { exitCode, document } = await askFctorture(['replay', run, '--runs', runs, '--json'])
      expect(document).toMatchObject({ identical: { console: true, stream: true } })
      expect((document as { findings: { now: string[] } }).findings.now).toContain(signature)
      expect(exitCode).toBe(0)
    }
  })

  it('is opened in gdb at the store that did it', async () => {
    const script = join(runs, 'script.gdb')
    await writeFile(script, 'echo BACK\\n\nfct-last-write $rdi\necho FURTHER\\n\nfct-before\n')
    const cli = join(packageRoot, 'harness', 'fctorture.mjs')
    const { stdout } = await execa(process.execPath, [cli, 'replay', run, '--gdb', script, '--runs', runs])
    const [finding, back, further] = stdout.split(/BACK|FURTHER/)
    expect(finding).toMatch(/in refcount_warn_saturate\n/)
    // The put that gives back the last reference, and before it the one that made it the last.
    expect(back).toMatch(/ nfsd_file_put_noref\S* +\+0: 0x\w*1 -> 0x\w*0\n/)
    expect(further).toMatch(/ nfsd_file_put_noref\S* +\+0: 0x\w*2 -> 0x\w*1\n/)
  })

  it('is made smaller, on guests that do the same', async () => {
    const words = ['minimise', run, '--signature', signature, '--budget', '20m', '--json']
    const minimum = (await askFctorture(words)).document as MinimiseDocument
    expect(minimum).toMatchObject({ exit: 0, ending: 'confirmed', signature })
    expect(minimum.size.after).toBeLessThan(minimum.size.before)
    const smallest = loadScenario(minimum.scenario)
    expect(Object.keys(smallest.inject?.points ?? {})).toEqual(['entry_nfsd_file_put_noref'])
    expect(Object.keys(smallest.stressors)).toEqual(['synthetic'])
    expect(await readFile(minimum.reproducer, 'utf8')).toContain('maxcpus=1 preempt=full')
  })
})
