import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { packageRoot } from '../../harness/folders.js'
import type { MinimiseDocument } from '../../harness/replay/minimum-text.js'
import { loadScenario } from '../../harness/scenario/scenario.js'
import { haveOwnTemporaryFolder } from '../leftovers.js'
import { askFctorture } from '../same-seed.js'

// The bug that 6.1 has is mended, so that what is found is what was planted.
const patches = [
  join(packageRoot, 'vms', 'fixes', 'put-reads-after-handover', '6.1.patch'),
  join(packageRoot, 'test', 'full', 'put-looks-first.patch'),
]
const splat = 'console-splat: refcount_t: decrement hit 0; leaking memory'
/** Where forced switches lead two puts into each other, or spins, which a timer would have to end within. */
const point = 'entry_nfsd_file_check_write_error'
const switches = { rate_ppm: 600_000, mode: 'resched' }
const spins = { rate_ppm: 600_000, mode: 'spin', shape: 'uniform', min_ns: 100, max_ns: 1000 }

let runs = ''
let end: () => Promise<void>
let run = ''
let signature = ''

beforeAll(async () => {
  ;({ runs, end } = await haveOwnTemporaryFolder())
  const { findings, stderr } = await searchWith('PLANTED01', switches)
  const found = findings.find((finding) => finding.signature.startsWith(splat))
  expect(found, stderr).toBeDefined()
  ;({ run, signature } = found ?? { run, signature })
})

afterAll(() => end())

interface Search {
  readonly tried: number
  readonly findings: readonly { readonly signature: string; readonly run: string }[]
  readonly stderr: string
}

/** Six seeds of two seconds of RESCHED01 with less in it, so that little happens by itself, and less is to be taken away. */
async function searchWith(name: string, injection: object): Promise<Search> {
  const whole = loadScenario('RESCHED01')
  const path = join(runs, `${name}.yaml`)
  const scenario = {
    ...whole,
    ...{ name, seconds: 2, exports: ['tmpfs'], versions: ['3'], exposure: [], churn: undefined },
    clients: { ...whole.clients, files: 1, rate: 50 },
    stressors: {
      close: { threads: 1, gap_us: 20_000, burst: 1 },
      synthetic: { threads: 3, gap_us: 1000, burst: 8 },
    },
    inject: { ...whole.inject, points: { [point]: injection } },
  }
  await writeFile(path, stringify(scenario))
  const kernel = ['--kernel', 'debian:6.1', '--patch', ...patches]
  const args = ['search', path, '--seeds', '1..6', ...kernel, '--json', '--runs', runs]
  const { document, stderr } = await askFctorture(args)
  return { ...(document as Omit<Search, 'stderr'>), stderr }
}

describe('a planted race', () => {
  it('is not found by spins at the same place, with the same seeds', async () => {
    expect(await searchWith('SPIN01', spins)).toMatchObject({ tried: 6, findings: [] })
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
    expect(back).toMatch(/ nfsd_file_put\S* +\+0: 0x\w*1 -> 0x\w*0\n/)
    expect(further).toMatch(/ nfsd_file_put\S* +\+0: 0x\w*2 -> 0x\w*1\n/)
  })

  it('is made smaller, on deterministic guests with other seeds', async () => {
    const words = ['minimise', run, '--signature', signature, '--budget', '20m', '--json']
    const minimum = (await askFctorture(words)).document as MinimiseDocument
    expect(minimum).toMatchObject({ exit: 0, ending: 'confirmed', signature })
    expect(minimum.size.after).toBeLessThan(minimum.size.before)
    expect(await readFile(minimum.reproducer, 'utf8')).toContain('maxcpus=1 preempt=full')
  })
})
