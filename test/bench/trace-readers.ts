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
    const whole = ({ seconds: spent, startSeconds }: Reading): number => spent + startSeconds
    const line = (what: string, value: number, unit: string, ratio?: number): Measurement => ({
      what,
      value,
      unit,
      ratio,
    })
    const lines = (what: string, reading: Reading): Measurement[] => [
      line(`${what}, processor time an event`, cost(reading), 'ns', cost(traceCmd) / cost(reading)),
      line(`${what}, with its start`, whole(reading), 's', whole(traceCmd) / whole(reading)),
      line(`${what}, events a second`, reading.read / seconds, '/s'),
      line(`${what}, lost of all`, (100 * reading.lost) / (reading.read + reading.lost), '%'),
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
