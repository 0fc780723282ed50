import { execa } from 'execa'
import { basename } from 'node:path'
import { startModuleGuest } from '../guest/module-guest.js'
import type { Reading } from '../guest/inside/trace-readers.js'
import type { Row } from './row.js'

const seconds = 10

type Reader = 'addon' | 'traceCmd' | 'text'

/** What it costs to take events out of the ring buffer of a guest while the module is at work, and what is lost. */
export async function measureReaders(): Promise<Row[]> {
  const request = { name: 'debian:6.1', patches: [], profile: 'bare' } as const
  const guest = await startModuleGuest(request, { files: await findTraceCmd() })
  try {
    return rowsOf(await guest.call<Record<Reader, Reading>>('readers', { seconds }))
  } finally {
    await guest.stop()
  }
}

function rowsOf({ addon, traceCmd, text }: Record<Reader, Reading>): Row[] {
  const beside = (
    what: string,
    unit: string,
    figure: (reading: Reading) => number,
    [name, peer]: readonly [string, Reading] = ['trace-cmd record', traceCmd],
  ): Row => {
    const value = figure(peer)
    return {
      what: `reader in a guest: ${what}`,
      ours: figure(addon),
      unit,
      better: 'less',
      peer: { name, value },
    }
  }
  const each = ({ read, seconds: spent }: Reading): number => (spent * 1e9) / read
  const whole = ({ seconds: spent, startSeconds }: Reading): number => spent + startSeconds
  const lost = ({ read, lost }: Reading): number => (100 * lost) / (read + lost)
  return [
    { ...beside('processor time an event', 'ns', each), bar: { ratio: 1 } },
    beside('processor time, its start included', 's', whole),
    { ...beside('events a second', '/s', ({ read }) => read / seconds), better: 'more' },
    { ...beside('lost of all', '%', lost), bar: { value: 0 } },
    beside('lost of all', '%', lost, ['trace_pipe as text', text]),
  ]
}

/** The host's own, with the libraries that a guest lacks. */
async function findTraceCmd(): Promise<Record<string, string>> {
  const { stdout: program } = await execa('which', ['trace-cmd'])
  const { stdout } = await execa('ldd', [program])
  const paths = [...stdout.matchAll(/=> (\S*\/lib(?:trace\w+|zstd)\.\S+)/g)].map(([, path = '']) => path)
  return Object.fromEntries([program, ...paths].map((path) => [basename(path), path]))
}
