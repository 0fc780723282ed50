import { execa } from 'execa'
import { basename } from 'node:path'
import { startModuleGuest } from '../guest/module-guest.js'
import type { Reading } from '../guest/inside/trace-readers.js'
import type { Row } from './row.js'

const seconds = 10
const rounds = 6

/**
 * Of each CPU's ring buffer: the least that a scenario may ask for, where whoever is slow loses something, and what most of
 * them have.
 */
const rings = { small: 64, usual: 4096 }

/** Of one reader in one ring, all rounds. */
type Rounds = readonly Reading[]

/** What it costs to take events out of the ring buffer of a guest while the module is at work, and what is lost. */
export async function measureReaders(): Promise<Row[]> {
  const request = { name: 'debian:6.1', patches: [], profile: 'bare' } as const
  const guest = await startModuleGuest(request, { files: await findTraceCmd() })
  const takers = [
    { reader: 'addon', bufferKiB: rings.small },
    { reader: 'traceCmd', bufferKiB: rings.small },
    { reader: 'addon', bufferKiB: rings.usual },
    { reader: 'traceCmd', bufferKiB: rings.usual },
    { reader: 'text', bufferKiB: rings.small },
  ] as const
  const readings = takers.map((): Reading[] => [])
  try {
    for (let round = 0; round < rounds; round++) {
      for (const [index, taker] of takers.entries())
        readings[index]?.push(await guest.call<Reading>('read', { ...taker, seconds }))
    }
  } finally {
    await guest.stop()
  }
  const [small = [], smallPeer = [], usual = [], usualPeer = [], text = []] = readings
  return [
    ...rowsOf(rings.small, small, smallPeer),
    ...rowsOf(rings.usual, usual, usualPeer),
    rowOf('lost of all', '%', lostOf, small, ['trace_pipe as text', text]),
  ]
}

function rowsOf(bufferKiB: number, ours: Rounds, traceCmd: Rounds): Row[] {
  const beside = (what: string, unit: string, figure: (readings: Rounds) => number): Row =>
    rowOf(`${what}, ring of ${String(bufferKiB)} KiB`, unit, figure, ours, ['trace-cmd record', traceCmd])
  const least =
    (figure: (reading: Reading) => number) =>
    (readings: Rounds): number =>
      Math.min(...readings.map(figure))
  return [
    {
      ...beside(
        'processor time an event',
        'ns',
        least(({ read, seconds: spent }) => (spent * 1e9) / read),
      ),
      bar: { ratio: 1 },
    },
    beside(
      'processor time, its start included',
      's',
      least((reading) => reading.seconds + reading.startSeconds),
    ),
    {
      ...beside('events a second', '/s', (readings) =>
        Math.max(...readings.map(({ read }) => read / seconds)),
      ),
      better: 'more',
    },
    { ...beside('lost of all', '%', lostOf), bar: { value: 0 } },
  ]
}

function rowOf(
  what: string,
  unit: string,
  figure: (readings: Rounds) => number,
  ours: Rounds,
  [name, peer]: readonly [string, Rounds],
): Row {
  const value = figure(peer)
  return {
    what: `reader in a guest: ${what}`,
    ours: figure(ours),
    unit,
    better: 'less',
    peer: { name, value },
  }
}

/** Percent. */
function lostOf(readings: Rounds): number {
  const sum = (what: 'read' | 'lost'): number => readings.reduce((all, reading) => all + reading[what], 0)
  return (100 * sum('lost')) / (sum('read') + sum('lost'))
}

/** The host's own, with the libraries that a guest lacks. */
async function findTraceCmd(): Promise<Record<string, string>> {
  const { stdout: program } = await execa('which', ['trace-cmd'])
  const { stdout } = await execa('ldd', [program])
  const paths = [...stdout.matchAll(/=> (\S*\/lib(?:trace\w+|zstd)\.\S+)/g)].map(([, path = '']) => path)
  return Object.fromEntries([program, ...paths].map((path) => [basename(path), path]))
}
