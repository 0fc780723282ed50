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
  const cost = await guest.call<PointCost>('pointCost', { seconds })
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
    { what: 'an injection point that is off', value: offCost(cost), unit: 'ns', ratio: undefined },
  ]
}

interface PointCost {
  readonly without: number
  readonly withPoints: number
  /** Points at functions that one acquire and its put come by. */
  readonly passed: number
}

function offCost({ without, withPoints, passed }: PointCost): number {
  return ((1 / withPoints - 1 / without) * 1e9) / passed
}
