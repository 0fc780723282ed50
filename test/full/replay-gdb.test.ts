import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { packageRoot } from '../../harness/folders.js'
import { askFctorture, knownFinding } from '../same-seed.js'

let runs = ''
/** The folder of a run that died of what 6.1 has. */
let run = ''

beforeAll(async () => {
  runs = await mkdtemp(join(tmpdir(), 'fct-test-runs-'))
  const search = ['search', 'RESCHED01', '--seeds', '1..60', '--time', '2', '--json', '--runs', runs]
  const { document } = await askFctorture(search)
  const { findings } = document as { findings: { signature: string; run: string }[] }
  run = findings.find(({ signature }) => signature === knownFinding)?.run ?? ''
  expect(run).not.toBe('')
})

afterAll(() => rm(runs, { recursive: true }))

it('records a run that is the same while it is recorded', async () => {
  const { exitCode, document } = await askFctorture(['replay', run, '--record', '--runs', runs, '--json'])
  expect(document).toMatchObject({ identical: { console: true, stream: true } })
  expect(exitCode).toBe(0)
})

it('opens gdb at the finding, and goes back to the store that put the poison there', async () => {
  const [, entry = ''] = /RDI: ([0-9a-f]{16})/.exec(await readFile(join(run, 'console.log'), 'utf8')) ?? []
  const script = join(runs, 'script.gdb')
  await writeFile(script, `echo BACK\\n\nfct-last-write 0x${entry}\necho FURTHER\\n\nfct-before\n`)
  const cli = join(packageRoot, 'harness', 'fctorture.mjs')
  const { stdout } = await execa(process.execPath, [cli, 'replay', run, '--gdb', script, '--runs', runs])
  const [finding, back, further] = stdout.split(/BACK|FURTHER/)
  expect(finding).toMatch(
    /in oops_begin\n[^]*on the stack:.*list_lru_del.*nfsd_file_lru_remove.*nfsd_file_put/,
  )
  // The slab poisons what is freed after a grace period.
  expect(back).toMatch(/memset\S* .*-> 0x6b6b6b6b6b6b6b6b\n[^]*on the stack:.*rcu_/)
  expect(further).toMatch(
    /instruction \d+, in list_lru_|instruction \d+, in __list_|instruction \d+, in nfsd_file_/,
  )
})
