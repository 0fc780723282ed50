import { execa } from 'execa'
import { basename } from 'node:path'
import { startModuleGuest } from '../guest/module-guest.js'
import type { Reading } from '../guest/inside/trace-readers.js'
import type { Row } from './row.js'

const seconds = 10
const rounds = 6

type Reader = 'addon' | 'traceCmd' | 'text'

/** Of each reader all rounds. */
type Rounds = Readonly<Record<Reader, readonly Reading[]>>

/** What it costs to take events out of the ring buffer of a guest while the module is at work, and what is lost. */
export async function measureReaders(): Promise<Row[]> {
  const request = { name: 'debian:6.1', patches: [], profile: 'bare' } as const
  const guest = await startModuleGuest(request, { files: await findTraceCmd() })
  try {
    const readings: Record<Reader, Reading>[] = []
    for (let round = 0; round < rounds; round++)
      readings.push(await guest.call<Record<Reader, Reading>>('readers', { seconds }))
    const of = (reader: Reader): Reading[] => readings.map((round) => round[reader])
    return rowsOf({ addon: of('addon'), traceCmd: of('traceCmd'), text: of('text') })
  } finally {
    await guest.stop()
  }
}

function rowsOf({ addon, traceCmd, text }: Rounds): Row[] {
  const beside = (
    what: string,
    unit: string,
    figure: (readings: readonly Reading[]) => number,
    [name, peer]: readonly [string, readonly Reading[]] = ['trace-cmd record', traceCmd],
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
  const least =
    (figure: (reading: Reading) => number) =>
    (readings: readonly Reading[]): number =>
      Math.min(...readings.map(figure))
  const each = least(({ read, seconds: spent }) => (spent * 1e9) / read)
  const whole = least(({ seconds: spent, startSeconds }) => spent + startSeconds)
  const rate = (readings: readonly Reading[]): number =>
    Math.max(...readings.map(({ read }) => read / seconds))
  const sum = (readings: readonly Reading[], what: 'read' | 'lost'): number =>
    readings.reduce((all, reading) => all + reading[what], 0)
  const lost = (readings: readonly Reading[]): number =>
    (100 * sum(readings, 'lost')) / (sum(readings, 'read') + sum(readings, 'lost'))
  return [
    { ...beside('processor time an event', 'ns', each), bar: { ratio: 1 } },
    beside('processor time, its start included', 's', whole),
    { ...beside('events a second', '/s', rate), better: 'more' },
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
