import { execa } from 'execa'
import { basename } from 'node:path'
import { startModuleGuest } from '../guest/module-guest.js'
import type { Reading } from '../guest/inside/trace-readers.js'
import type { Measurement } from './bench.js'

const seconds = 10

/** What it costs to take events out of the ring buffer of a guest while the module is at work, and what is lost. */
export async function benchTraceReaders(): Promise<Measurement[]> {
  const request = { name: 'debian:6.1', patches: [], profile: 'bare' } as const
  const guest = await startModuleGuest(request, { files: await findTraceCmd() })
  try {
    const { addon, traceCmd, text } = await guest.call<Record<'addon' | 'traceCmd' | 'text', Reading>>(
      'readers',
      {
        seconds,
      },
    )
    const cost = ({ read, seconds: spent }: Reading): number => (spent * 1e9) / read
    const lines = (what: string, reading: Reading): Measurement[] => [
      {
        what: `${what}, processor time an event`,
        value: cost(reading),
        unit: 'ns',
        ratio: cost(traceCmd) / cost(reading),
      },
      { what: `${what}, events a second`, value: reading.read / seconds, unit: '/s', ratio: undefined },
      {
        what: `${what}, lost of them`,
        value: (100 * reading.lost) / (reading.read + reading.lost),
        unit: '%',
        ratio: undefined,
      },
    ]
    return [
      ...lines('trace-cmd record in a guest', traceCmd),
      ...lines('the addon in the same guest', addon),
      ...lines('trace_pipe as text in the same guest', text),
    ]
  } finally {
    await guest.stop()
  }
}

/** The host's own, with the libraries that a guest lacks. */
async function findTraceCmd(): Promise<Record<string, string>> {
  const { stdout: program } = await execa('which', ['trace-cmd'])
  const { stdout } = await execa('ldd', [program])
  const paths = [...stdout.matchAll(/=> (\S*\/lib(?:trace\w+|zstd)\.\S+)/g)].map(([, path = '']) => path)
  return Object.fromEntries([program, ...paths].map((path) => [basename(path), path]))
}
