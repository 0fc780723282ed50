/**
 * `npm run bench -- [NAME...] [--json]`: speeds, as ratios of what was measured in one run on one machine. Never a test: a
 * machine under load is no defect.
 */
import { cpus, loadavg, release } from 'node:os'
import { benchBisect } from './bisect.js'
import { benchGuests } from './guests.js'
import { benchKernels } from './kernels.js'
import { benchModule } from './module.js'
import { benchOracle } from './oracle.js'
import { benchReproduce } from './reproduce.js'
import { benchSlurm } from './slurm.js'
import { benchStore } from './store.js'
import { benchSite } from './site.js'
import { benchTraceReaders } from './trace-readers.js'
import { benchTraces } from './traces.js'

/** One line of a bench's table. */
export interface Measurement {
  readonly what: string
  readonly value: number
  readonly unit: string
  /** How many times faster than the first line; none where that says nothing. */
  readonly ratio: number | undefined
}

const benches: Readonly<Record<string, () => Promise<Measurement[]>>> = {
  bisect: benchBisect,
  guests: benchGuests,
  kernels: benchKernels,
  module: benchModule,
  oracle: benchOracle,
  reproduce: benchReproduce,
  slurm: benchSlurm,
  store: benchStore,
  site: benchSite,
  traces: async () => [...(await benchTraces()), ...(await benchTraceReaders())],
}

function format(name: string, rows: readonly Measurement[]): string {
  const lines = rows.map(({ what, value, unit, ratio }) => {
    const times = ratio === undefined ? '' : `${ratio.toFixed(1).padStart(8)} x`
    return `  ${what.padEnd(64)} ${value.toFixed(1).padStart(10)} ${unit.padEnd(3)} ${times}`.trimEnd()
  })
  return [name, ...lines, ''].join('\n')
}

async function main(args: readonly string[]): Promise<void> {
  const wanted = args.filter((arg) => arg !== '--json')
  const unknown = wanted.find((name) => !(name in benches))
  if (unknown !== undefined)
    throw new Error(`there is no bench ${unknown}; known: ${Object.keys(benches).join(', ')}`)
  const machine = { cpus: cpus().length, model: cpus()[0]?.model ?? '', kernel: release(), load: loadavg() }
  const results: Record<string, Measurement[]> = {}
  for (const [name, bench] of Object.entries(benches)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue
    results[name] = await bench()
    process.stderr.write(format(name, results[name]))
  }
  const { cpus: count, model, load } = machine
  process.stderr.write(
    `${count} x ${model}, load at the start ${load.map((value) => value.toFixed(1)).join(' ')}\n`,
  )
  if (args.includes('--json'))
    process.stdout.write(JSON.stringify({ schema: 1, machine, results }, null, 2) + '\n')
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
})
