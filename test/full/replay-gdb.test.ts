import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { packageRoot } from '../../harness/folders.js'
import { loadScenario } from '../../harness/scenario/scenario.js'
import { askFctorture, knownFinding, knownFindings } from '../same-seed.js'

let runs = ''
/** The folder of a run that died of what 6.1 has. */
let run = ''

beforeAll(async () => {
  runs = await mkdtemp(join(tmpdir(), 'fct-test-runs-'))
  run = await runOfPoison(1)
})

/** The first that died of poison: in the other face of the bug others had used the memory meanwhile, and it is their stores that are there. */
async function runOfPoison(first: number): Promise<string> {
  const seeds = `${String(first)}..60`
  const search = ['search', 'RESCHED01', '--seeds', seeds, '--time', '2', '--json', '--runs', runs]
  const { document } = await askFctorture(search)
  const { findings } = document as SearchDocument
  expect(findings).not.toEqual([])
  for (const { signature } of findings) expect(knownFindings).toContain(signature)
  const found = findings.find(({ signature }) => signature === knownFinding)
  return found?.run ?? runOfPoison(Math.max(...findings.flatMap(({ seeds: those }) => those)) + 1)
}

interface SearchDocument {
  readonly findings: readonly { signature: string; run: string; seeds: readonly number[] }[]
}

afterAll(() => rm(runs, { recursive: true }))

it('finds nothing by spins at the same points, as often', async () => {
  const whole = loadScenario('RESCHED01')
  const spin = { mode: 'spin', shape: 'log-uniform', min_ns: 200, max_ns: 20_000 }
  const points = Object.fromEntries(
    Object.entries(whole.inject?.points ?? {}).map(([name, point]) => [name, { ...point, ...spin }]),
  )
  const path = join(runs, 'spins.yaml')
  await writeFile(path, stringify({ ...whole, name: 'SPIN01', inject: { ...whole.inject, points } }))
  const { document } = await askFctorture([
    'search',
    path,
    '--seeds',
    '1..8',
    '--time',
    '2',
    '--json',
    '--runs',
    runs,
  ])
  expect(document).toMatchObject({ tried: 8, verdicts: { PASS: 8 }, findings: [] })
})

it('records a run that is the same while it is recorded', async () => {
  const { exitCode, document } = await askFctorture(['replay', run, '--record', '--runs', runs, '--json'])
  expect(document).toMatchObject({ identical: { console: true, stream: true } })
  expect(exitCode).toBe(0)
})

it('opens gdb at the finding, and goes back to the store that put the poison there', async () => {
  const [, entry = ''] = /RDI: ([0-9a-f]{16})/.exec(await readFile(join(run, 'console.log'), 'utf8')) ?? []
  const script = join(runs, 'script.gdb')
  await writeFile(
    script,
    `echo BACK\\n\nfct-last-write 0x${entry}\necho FURTHER\\n\nfct-before\necho LIFE\\n\nfct-finding\nfct-life 0x${entry}\n`,
  )
  const cli = join(packageRoot, 'harness', 'fctorture.mjs')
  const { stdout } = await execa(process.execPath, [cli, 'replay', run, '--gdb', script, '--runs', runs])
  const [finding, back, further, life = ''] = stdout.split(/BACK|FURTHER|LIFE/)
  expect(finding).toMatch(
    /in oops_begin\n[^]*on the stack:.*list_lru_del.*nfsd_file_lru_remove.*nfsd_file_put/,
  )
  // The slab poisons what is freed after a grace period.
  expect(back).toMatch(/memset\S* .*-> 0x6b6b6b6b6b6b6b6b\n[^]*on the stack:.*rcu_/)
  expect(further).toMatch(
    /instruction \d+, in list_lru_|instruction \d+, in __list_|instruction \d+, in nfsd_file_/,
  )
  const changes = [...life.matchAll(/^(\d+) {2}(\w+)\S* +(\+.*)$/gm)].map(([, at, by, what]) => ({
    at: Number(at),
    by,
    what,
  }))
  expect(changes.map(({ at }) => at)).toEqual(changes.map(({ at }) => at).toSorted((a, b) => a - b))
  // From the page that the slab got, through lists and the grace period, to the poison; its last life is the one that ended too early.
  const last = changes.slice(changes.findLastIndex(({ by }) => by === 'nfsd_file_do_acquire'))
  expect(last.map(({ by }) => by)).toEqual(
    expect.arrayContaining(['list_lru_add', 'list_lru_del', 'call_rcu', 'memset']),
  )
  expect(last.find(({ by }) => by === 'memset')?.what).toContain('-> 0x6b6b6b6b6b6b6b6b')
})
