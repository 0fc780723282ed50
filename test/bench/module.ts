import { startModuleGuest, type ModuleGuest } from '../guest/module-guest.js'
import type { Measurement } from './bench.js'

const seconds = 5

/** How fast the module works nfsd's file cache, against what NFS clients reach in the same guest. */
export async function benchModule(): Promise<Measurement[]> {
  const guest = await startModuleGuest({ name: 'debian:6.1', patches: [], profile: 'bare' })
  try {
    return await measure(guest)
  } finally {
    await guest.stop()
  }
}

async function measure(guest: ModuleGuest): Promise<Measurement[]> {
  const clients = await guest.call<number>('clientRate', { seconds })
  const { synthetic, close } = await guest.call<{ synthetic: number; close: number }>('rates', { seconds })
  const rate = (what: string, value: number): Measurement => ({
    what,
    value,
    unit: '/s',
    ratio: value / clients,
  })
  return [
    rate('operations of four NFS clients', clients),
    rate('synthetic acquire + put, one thread', synthetic),
    rate('useful closes, one thread, one acquiring', close),
    {
      what: 'an injection point that is off',
      value: await measureOffCost(guest),
      unit: 'ns',
      ratio: undefined,
    },
  ]
}

const rounds = 5

/** By turns, because the machine's own speed changes more than what is measured. */
async function measureOffCost(guest: ModuleGuest): Promise<number> {
  const passed = await guest.call<number>('pointsPassed', {})
  const costs: number[] = []
  for (let round = 0; round < rounds; round++) {
    const [without, withPoints] = [
      await guest.call<number>('acquireRate', { points: false, seconds: 2 }),
      await guest.call<number>('acquireRate', { points: true, seconds: 2 }),
    ]
    costs.push(((1 / withPoints - 1 / without) * 1e9) / passed)
  }
  return costs.sort((a, b) => a - b)[Math.floor(rounds / 2)] ?? 0
}
