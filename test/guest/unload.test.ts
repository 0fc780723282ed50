import { afterAll, beforeAll, expect, it } from 'vitest'
import { splat, startModuleGuest, type ModuleGuest } from './module-guest.js'

let guest: ModuleGuest | undefined

/** Its CPUs run in turn in one thread: with one each, patching what another executes freezes the guest. */
beforeAll(async () => {
  guest = await startModuleGuest(
    { name: 'debian:6.1', patches: [], profile: 'stock' },
    { tcgThread: 'single' },
  )
})

afterAll(() => guest?.stop())

it('the module comes and goes while clients are at work, also during a run', async () => {
  await guest?.call('cycles', { count: 4, atWork: true })
  expect(guest?.console()).not.toMatch(splat)
})
