import { startModuleGuest, type ModuleGuest, type ModuleGuestOptions } from '../guest/module-guest.js'
import type { Row } from './row.js'
import type { Bench } from './run-bench.js'

const seconds = 5
const kernel = { name: 'debian:6.1', patches: [], profile: 'bare' } as const

/** How fast the module works nfsd's file cache, against what NFS clients reach in the same guest. */
export const moduleBench: Bench = {
  name: 'module',
  async *measure() {
    const rates = await inGuest({}, (guest) => measureRates(guest))
    yield* rates.rows
    yield* await inGuest({ icountShift }, (guest) => measureOffCosts(guest, 1e9 / rates.synthetic))
  },
}

async function inGuest<T>(
  options: ModuleGuestOptions,
  measure: (guest: ModuleGuest) => Promise<T>,
): Promise<T> {
  const guest = await startModuleGuest(kernel, options)
  try {
    return await measure(guest)
  } finally {
    await guest.stop()
  }
}

async function measureRates(guest: ModuleGuest): Promise<{ rows: Row[]; synthetic: number }> {
  const clients = await guest.call<number>('clientRate', { seconds })
  const { synthetic, close } = await guest.call<{ synthetic: number; close: number }>('rates', { seconds })
  const row = (what: string, ours: number, least: number): Row => {
    const peer = { name: 'operations of four NFS clients', value: clients }
    return { what, ours, unit: '/s', better: 'more', peer, bar: { value: least } }
  }
  const rows = [
    row('synthetic acquire + put, one thread', synthetic, 150_000),
    row('useful closes, one thread, one acquiring', close, 20_000),
  ]
  return { rows, synthetic }
}

/** Loaded with less and less: without points at functions, and without points at tracepoints, while these are observed and while not. */
const variants = {
  whole: { parameters: [], isObserved: false },
  noEntries: { parameters: ['entry_points=n'], isObserved: false },
  noProbes: { parameters: ['entry_points=n', 'off_nf_may=-1'], isObserved: false },
  observed: { parameters: ['entry_points=n'], isObserved: true },
  onlyObserved: { parameters: ['entry_points=n', 'tracepoint_points=n'], isObserved: true },
}
type Variant = keyof typeof variants
const icountShift = 2
const rounds = 2
const roundSeconds = 3

/**
 * What an injection point costs that is off, as an acquire and its put come by it: in instructions, which a guest counts whose
 * clock they are, for a point takes less time than a machine's speed changes by; and in the time that they take in the mean
 * of an acquire and its put, which is `nanoseconds` in all.
 */
async function measureOffCosts(guest: ModuleGuest, nanoseconds: number): Promise<Row[]> {
  const functions = await guest.call<number>('pointsPassed', { at: 'functions' })
  const tracepoints = await guest.call<number>('pointsPassed', { at: 'tracepoints' })
  const instructions = await countInstructions(guest)
  const cost = (what: string, passed: number, withPoints: Variant, without: Variant): Row[] => {
    const ours = (instructions[withPoints] - instructions[without]) / passed
    const time = (ours * nanoseconds) / instructions.whole
    return [
      { what: `${what}, instructions`, ours, unit: '', better: 'less' },
      { what, ours: time, unit: 'ns', better: 'less', bar: { value: 20 } },
    ]
  }
  return [
    ...cost('an injection point at a function, off', functions, 'whole', 'noEntries'),
    ...cost('an injection point at a tracepoint, off', tracepoints, 'noEntries', 'noProbes'),
    ...cost('the same where the tracepoint is observed', tracepoints, 'observed', 'onlyObserved'),
  ]
}

/** Of an acquire and its put: the least of some rounds. */
async function countInstructions(guest: ModuleGuest): Promise<Record<Variant, number>> {
  const names = Object.keys(variants) as Variant[]
  const least = Object.fromEntries(names.map((name) => [name, Infinity])) as Record<Variant, number>
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      const rate = await guest.call<number>('acquireRate', { ...variants[name], seconds: roundSeconds })
      least[name] = Math.min(least[name], 1e9 / rate / 2 ** icountShift)
    }
  }
  return least
}
