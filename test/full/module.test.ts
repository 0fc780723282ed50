import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { packageRoot } from '../../harness/folders.js'
import { parseCapabilities } from '../../harness/agent/capabilities.js'
import { splat, startModuleGuest, type ModuleGuest, type Selftest } from '../guest/module-guest.js'

let guest: ModuleGuest | undefined

/** Without it an entry may be freed under the probe at nfsd_file_lru_add: a report, and lockdep is off from then on. */
const patch = join(packageRoot, 'test', 'full', 'put-under-rcu.patch')

beforeAll(async () => {
  guest = await startModuleGuest({ name: 'debian:6.1', patches: [patch], profile: 'kasan' })
})

afterAll(() => guest?.stop())

function inGuest(): ModuleGuest {
  if (guest === undefined) throw new Error('there is no guest')
  return guest
}

it('runs with KASAN and lockdep', () => {
  expect(inGuest().console()).toMatch(/kasan: KernelAddressSanitizer initialized/)
  expect(inGuest().console()).toMatch(/Lock dependency validator/)
})

it('uses every stressor, with all injection points on', async () => {
  const { capabilities, stats } = await inGuest().call<{
    capabilities: string
    stats: Record<string, string>
  }>('everything', { seconds: 60 })
  const { absent, points } = parseCapabilities(capabilities)
  expect([...absent.keys()].filter((name) => name !== 'busted')).toEqual(['local'])
  expect(points.size).toBeGreaterThan(20)
  for (const name of [
    'close',
    'acquire',
    'shrink',
    'gc',
    'synthetic',
    'lease',
    'fsnotify',
    'purge',
    'rendezvous',
  ])
    expect(stats[name]).toMatch(/useful [1-9]/)
  expect(stats['injected']).toMatch(/^injected [1-9]/)
})

it('answers 100,000 random calls', async () => {
  const { stdout, exitCode } = await inGuest().call<Selftest>('selftest', { args: ['fuzz', '1', '100000'] })
  expect({ stdout, exitCode }).toMatchObject({ exitCode: 0 })
})

it('comes and goes 200 times, every other time during a run, with the clients at rest', async () => {
  await inGuest().call('cycles', { count: 200, atWork: false })
})

it('lets nfsd restart under load, and its module go and come', async () => {
  const { again } = await inGuest().call<{ again: string }>('restarts', { times: 10 })
  expect(again).toMatch(/^close yes$/m)
})

it('has not made the kernel complain', () => {
  expect(inGuest().console()).not.toMatch(splat)
})
