import { startModuleGuest, type ModuleGuest } from '../guest/module-guest.js'
import type { Row } from './row.js'
import type { Bench } from './run-bench.js'

const seconds = 5

/** How fast the module works nfsd's file cache, against what NFS clients reach in the same guest. */
export const moduleBench: Bench = {
  name: 'module',
  async *measure() {
    const guest = await startModuleGuest({ name: 'debian:6.1', patches: [], profile: 'bare' })
    try {
      yield* await measureRates(guest)
      yield* await measureOffCosts(guest)
    } finally {
      await guest.stop()
    }
  },
}

async function measureRates(guest: ModuleGuest): Promise<Row[]> {
  const clients = await guest.call<number>('clientRate', { seconds })
  const { synthetic, close } = await guest.call<{ synthetic: number; close: number }>('rates', { seconds })
  const row = (what: string, ours: number, least: number): Row => {
    const peer = { name: 'operations of four NFS clients', value: clients }
    return { what, ours, unit: '/s', better: 'more', peer, bar: { value: least } }
  }
  return [
    row('synthetic acquire + put, one thread', synthetic, 150_000),
    row('useful closes, one thread, one acquiring', close, 20_000),
  ]
}

/**
 * Parameters that leave out more and more. Observing needs all offsets, and places the probes; what a point adds to the probe
 * that is there anyway is a test of a variable in it, which nothing leaves out.
 */
const variants = { whole: [], noEntries: ['entry_points=n'], noProbes: ['entry_points=n', 'off_nf_may=-1'] }
const rounds = 8
const roundSeconds = 2

/** What an injection point costs that is off, as an acquire and its put come by it. */
async function measureOffCosts(guest: ModuleGuest): Promise<Row[]> {
  const functions = await guest.call<number>('pointsPassed', { at: 'functions' })
  const tracepoints = await guest.call<number>('pointsPassed', { at: 'tracepoints' })
  const nanoseconds = { whole: Infinity, noEntries: Infinity, noProbes: Infinity }
  // By turns, because the machine's own speed changes more than what is measured.
  for (let round = 0; round < rounds; round++) {
    for (const variant of ['whole', 'noEntries', 'noProbes'] as const) {
      const parameters = variants[variant]
      const rate = await guest.call<number>('acquireRate', { parameters, seconds: roundSeconds })
      nanoseconds[variant] = Math.min(nanoseconds[variant], 1e9 / rate)
    }
  }
  const { whole, noEntries, noProbes } = nanoseconds
  const cost = (what: string, ours: number): Row => {
    return { what, ours, unit: 'ns', better: 'less', bar: { value: 20 } }
  }
  return [
    cost('an injection point at a function, off', (whole - noEntries) / functions),
    cost('a probe at a tracepoint, its point and event off', (noEntries - noProbes) / tracepoints),
  ]
}
