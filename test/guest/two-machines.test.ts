import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { packageRoot } from '../../harness/folders.js'
import { loadScenario, type Scenario } from '../../harness/scenario/scenario.js'
import { readRunLoad } from '../../harness/store/run-load.js'
import type { ResultDocument } from '../../harness/verdict/result.js'
import { haveOwnTemporaryFolder, leftovers, machines } from '../leftovers.js'
import { runFctorture } from '../run-fctorture.js'

let place: Awaited<ReturnType<typeof haveOwnTemporaryFolder>>

beforeAll(async () => {
  place = await haveOwnTemporaryFolder()
})

afterAll(() => place.end())

it('has clients on a machine of their own, whose operations come home', async () => {
  const { result, stderr } = await runFctorture(place.runs, ['--time', '8', '--seed', '1'], {}, 'CLOSE02')
  expect({ verdict: result.verdict, reasons: result.reasons, stderr }).toMatchObject({
    verdict: 'PASS',
    reasons: [],
  })
  expect(result.events).toMatchObject({ lost: 0, unexplained: 0 })
  expect(result.stressors['acquire']?.useful).toBeGreaterThan(0)
  expect(await readFile(join(result.run, 'report.html'), 'utf8')).toMatch(/client read/)
  expect(await readFile(join(result.run, 'client-1.log'), 'utf8')).toContain('Linux version 6.1')
  expect(leftovers()).toEqual([])
})

it('has clients on two machines, both of which work', async () => {
  const path = join(packageRoot, 'test', 'guest', 'scenarios', 'CLIENT02.yaml')
  const { result, stderr } = await runFctorture(place.runs, ['--seed', '1'], {}, path)
  expect({ verdict: result.verdict, reasons: result.reasons, stderr }).toMatchObject({
    verdict: 'PASS',
    reasons: [],
  })
  const { operations } = await readRunLoad(result.run)
  const done = Object.values(operations).reduce((sum, count) => sum + count, 0)
  expect(done).toBeGreaterThan(1.2 * mostOfOneMachine(loadScenario(path), result.guestSeconds))
  for (const machine of [1, 2])
    expect(await readFile(join(result.run, `client-${machine}.log`), 'utf8')).toContain('Linux version 6.1')
  expect(leftovers()).toEqual([])
})

/** Operations in so many seconds: a thread per mount, and as many mounts as exports and versions give. */
function mostOfOneMachine({ clients, exports, versions }: Scenario, seconds: number): number {
  return (clients.rate ?? Infinity) * clients.threads * exports.length * versions.length * seconds
}

it('calls no server guilty when a client machine is killed, and keeps what there was', async () => {
  const cli = join(packageRoot, 'harness', 'fctorture.mjs')
  const args = [cli, 'run', 'CLOSE02', '--json', '--time', '120', '--seed', '2', '--runs', place.runs]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let [stdout, killed] = ['', false]
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
    if (killed || !/ load [1-9]/.test(stderr)) return
    killed = true
    void clientMachine().then((pid) => process.kill(pid, 'SIGKILL'))
  })
  await once(child, 'close')
  const { verdict, exit, reasons, findings, events, run } = JSON.parse(stdout) as ResultDocument
  expect({ verdict, exit, findings, first: reasons[0] }).toMatchObject({
    verdict: 'INCONCLUSIVE',
    exit: 125,
    findings: [],
    first: { code: 'FCT_CLIENT_LOST', message: expect.stringContaining('client machine 1') as string },
  })
  expect(events.read).toBeGreaterThan(0)
  expect(await readdir(run)).toEqual(expect.arrayContaining(['trace.dat', 'console.log', 'client-1.log']))
  expect(leftovers()).toEqual([])
})

/** The machine with the network card of a client. */
async function clientMachine(): Promise<number> {
  for (const pid of machines())
    if ((await readFile(`/proc/${String(pid)}/cmdline`, 'utf8')).includes('mac=52:54:00:fc:01:00')) return pid
  throw new Error('there is no client machine')
}
