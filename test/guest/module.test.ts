import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { packageRoot } from '../../harness/folders.js'
import { splat, startModuleGuest, type ModuleGuest, type Selftest } from './module-guest.js'

let guest: ModuleGuest | undefined

/** What 6.1 has of its own, and strategy pct finds: with it mended, whatever the kernel complains of is the module's doing. */
const mended = join(packageRoot, 'vms', 'fixes', 'put-reads-after-handover', '6.1.patch')

beforeAll(async () => {
  guest = await startModuleGuest({ name: 'debian:6.1', patches: [mended], profile: 'stock' })
})

afterAll(() => guest?.stop())

function inGuest(): ModuleGuest {
  if (guest === undefined) throw new Error('there is no guest')
  return guest
}

it('answers every bad input of ioctls and files with its error', async () => {
  const { stdout, exitCode } = await inGuest().call<Selftest>('selftest', { args: ['errors', 'TARGET'] })
  expect(stdout.split('\n').filter((line) => line.startsWith('not ok'))).toEqual([])
  expect(stdout).toMatch(/^1\.\.\d{2}$/m)
  expect(exitCode).toBe(0)
})

it('keeps the file system of a target busy, unlinked or not, until the target is dropped', async () => {
  const { held, dropped } = await inGuest().call<{ held: string; dropped: number }>('pins', {})
  expect(held).toMatch(/target is busy/)
  expect(dropped).toBe(0)
})

it('closes what a client has left in the cache, unless it is busted by missed_close', async () => {
  // Each a file that the client has not read before, and has no copy of.
  const sound = await inGuest().call('close', { name: 'f0', parameters: [] })
  expect(sound).toEqual({ cachedBefore: true, cachedAfter: false })
  const parameters = ['busted=missed_close', 'busted_every=1']
  const busted = await inGuest().call('close', { name: 'f1', parameters })
  expect(busted).toEqual({ cachedBefore: true, cachedAfter: true })
})

it('survives random calls', async () => {
  const { stdout, exitCode } = await inGuest().call<Selftest>('selftest', { args: ['fuzz', '1', '5000'] })
  expect({ stdout, exitCode }).toMatchObject({ exitCode: 0 })
})

it('injects at the entries of functions, and at tracepoints', async () => {
  for (const at of ['functions', 'tracepoints'])
    expect(await inGuest().call('pointsPassed', { at })).toBeGreaterThan(1)
})

it('has probes at tracepoints once they are wanted: by a run with rates, or by somebody who observes', async () => {
  const { during, next, observed } = await inGuest().call<Record<string, number>>('wanted', {})
  expect(during).toBe(0)
  expect(next).toBeGreaterThan(100)
  expect(observed).toBeGreaterThan(100)
})

it('has no points where it is told so, and observes', async () => {
  const placed = async (...parameters: string[]) => {
    const said = await inGuest().call<string>('placed', { parameters })
    const words = (line: string) => new RegExp(`^${line} (.*)$`, 'm').exec(said)?.[1]?.split(' ') ?? []
    const atFunctions = words('points').filter((point) => point.startsWith('entry_')).length
    return { atFunctions, atTracepoints: words('points').length - atFunctions, ops: words('ops').length }
  }
  const all = await placed()
  expect(Math.min(...Object.values(all))).toBeGreaterThan(5)
  expect(await placed('tracepoint_points=n')).toEqual({ ...all, atTracepoints: 0 })
  expect(await placed('entry_points=n')).toEqual({ ...all, atFunctions: 0 })
})

it('gives threads priorities by strategy pct on one CPU, and takes all of them back', async () => {
  const { refused, during, after, pct, unloaded } = await inGuest().call<{
    refused: string
    during: string[]
    after: string[]
    pct: Record<string, number>
    unloaded: string[]
  }>('priorities', { samples: 50 })
  expect(refused).toBe('EOPNOTSUPP')
  expect(pct['rounds']).toBeGreaterThan(1)
  expect(pct).toMatchObject({ left_out: 0 })
  // SCHED_FIFO is 1; 99 is for who gives them.
  expect(during.filter((thread) => /^fct_pct \d+: 1 99$/.test(thread))).toHaveLength(1)
  expect(during.filter((thread) => /^(nfsd|fct_close\S*) \d+: 1 (?!99)/.test(thread))).not.toEqual([])
  for (const left of [after, unloaded]) {
    expect(left.filter((thread) => thread.startsWith('nfsd '))).toHaveLength(4)
    expect(left.filter((thread) => !thread.endsWith(': 0 0'))).toEqual([])
  }
})

it('comes and goes, also during a run, with the clients at rest', async () => {
  await inGuest().call('cycles', { count: 6, atWork: false })
})

it('lets nfsd restart under load, and its module go and come', async () => {
  const { down, without, again } = await inGuest().call<{
    down: Record<string, string>
    without: string
    again: string
  }>('restarts', { times: 2 })
  expect(down['nfsd_up']).toBe('nfsd_up 0')
  expect(without).toMatch(/^close no: nfsd is not loaded$/m)
  expect(again).toMatch(/^close yes$/m)
  expect(again).toMatch(/^observe yes$/m)
})

it('has not made the kernel complain', () => {
  expect(inGuest().console()).not.toMatch(splat)
})
