import { join } from 'node:path'
import type { EventTimeline } from '../decode/event-timeline.js'
import { moduleLoadSecond } from '../oracle/case.js'
import type { Finding } from '../oracle/findings.js'
import type { ObjectLife } from '../oracle/object-life.js'
import type { OracleReport } from '../oracle/oracle.js'
import type { ReportExtras } from '../report/extras.js'
import type { RunLoad } from '../store/run-load.js'

/** What there is of a run beside its result document. */
export interface RunMaterial {
  readonly folder: string
  /** run.json */
  readonly run: RunDocument
  readonly oracle: OracleReport
  readonly events: EventTimeline | null
  readonly load: RunLoad
  readonly console: string
}

/** What is read here of run.json. */
export interface RunDocument {
  readonly scenario: { readonly exposure: readonly string[] }
  readonly repeat: string
}

/** Parts of run.json that are no parameters: what the guest said, of which the report shows what matters elsewhere. */
const notParameters = new Set(['schema', 'capabilities', 'filecache', 'leftovers', 'failure', 'stream'])

export function extrasOf({ folder, run, oracle, events, load, console }: RunMaterial): ReportExtras {
  const parameters = Object.entries(run).filter(([name]) => !notParameters.has(name))
  return {
    reportPath: join(folder, 'report.html'),
    operations: load.operations,
    errors: load.errors,
    pairs: run.scenario.exposure,
    notes: oracle.notes,
    parameters: flatten(Object.fromEntries(parameters)),
    repeat: run.repeat,
    lives: livesBySignature(oracle.findings),
    console,
    splats: oracle.splats,
    timeline: {
      events,
      phases: oracle.phases,
      moduleSecond: moduleLoadSecond(console),
      samples: load.samples,
    },
  }
}

function livesBySignature(findings: readonly Finding[]): Map<string, ObjectLife> {
  return new Map(findings.flatMap(({ signature, life }) => (life ? [[signature, life] as const] : [])))
}

/** Nested parameters as "scenario.stressors.close.gap_us". */
function flatten(value: object, prefix = ''): Record<string, string | number | boolean> {
  const flat: Record<string, string | number | boolean> = {}
  for (const [key, inner] of Object.entries(value) as [string, unknown][]) {
    const name = `${prefix}${key}`
    if (Array.isArray(inner)) flat[name] = inner.join(', ')
    else if (typeof inner === 'object' && inner !== null) Object.assign(flat, flatten(inner, `${name}.`))
    else if (['string', 'number', 'boolean'].includes(typeof inner))
      flat[name] = inner as string | number | boolean
  }
  return flat
}
