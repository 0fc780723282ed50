import { traceStats, type TraceStats } from '../export/trace-stats.js'
import { exitStatus } from './exit-status.js'
import { formatTable } from '../report/text-table.js'
import { readTraceInput, type TraceInputOptions } from './trace-input.js'
import { writeText } from './write-text.js'

export interface TraceStatsOptions extends TraceInputOptions {
  readonly json?: boolean
}

/** Prints how many events there are, of which types and on which CPUs, and what was lost. */
export async function traceStatsCommand(path: string, options: TraceStatsOptions): Promise<number> {
  const stats = traceStats(await readTraceInput(path, options))
  const text =
    options.json === true
      ? JSON.stringify({ schema: 1, file: path, ...stats }, null, 2) + '\n'
      : format(path, stats)
  await writeText([text])
  return exitStatus.pass
}

function format(path: string, stats: TraceStats): string {
  const { version, buffer, clock, unit, cpus, types } = stats
  const instance = buffer === '' ? '' : `, instance ${buffer}`
  const cpuRows = cpus.map(({ cpu, pages, events, perSecond, lost, unknownGaps, kernelLost }) =>
    [`CPU ${cpu}`, events, formatRate(perSecond), pages, lost, unknownGaps, kernelLost ?? '-'].map(String),
  )
  const typeRows = types.map(({ event, events, perSecond, byCpu }) =>
    [event, events, formatRate(perSecond), ...byCpu].map(String),
  )
  const cpuNames = cpus.map(({ cpu }) => `CPU ${cpu}`)
  return [
    `${path}: trace.dat version ${version}${instance}, clock ${clock === '' ? 'unknown' : clock}`,
    `${stats.events} events${spanOf(stats, unit)}; ${describeLosses(stats)}`,
    '',
    formatTable([
      ['', 'events', 'per second', 'pages', 'lost', 'gaps of unknown size', 'lost by its counters'],
      ...cpuRows,
    ]),
    ...(typeRows.length === 0
      ? []
      : ['', formatTable([['event', 'events', 'per second', ...cpuNames], ...typeRows])]),
    '',
  ].join('\n')
}

function spanOf({ first, last }: TraceStats, unit: TraceStats['unit']): string {
  if (first === null || last === null) return ''
  const span = BigInt(last) - BigInt(first)
  return unit === 'ns' ? ` in ${(Number(span) / 1e9).toFixed(6)} s` : ` in ${span} ticks of the clock`
}

/** The kernel's own counters, where there are any, say it exactly. */
function describeLosses({ lost, unknownGaps, kernelLost }: TraceStats): string {
  if (kernelLost !== null && kernelLost > 0) return `${kernelLost} lost`
  if (lost === 0 && unknownGaps === 0) return 'nothing lost'
  const gaps = `${unknownGaps} gap${unknownGaps > 1 ? 's' : ''}`
  return `${lost} lost${unknownGaps === 0 ? '' : `, and an unknown number in ${gaps}`}`
}

function formatRate(perSecond: number | null): string {
  return perSecond === null ? '-' : perSecond.toFixed(1)
}
