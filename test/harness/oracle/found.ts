import { judge, type OracleReport } from '../../../harness/oracle/oracle.js'
import { TraceBuilder } from '../trace-builder.js'

const quietCache = [{ phase: 'quiet' as const, text: 'lru entries:   0\n' }]

export function report(builder: TraceBuilder): OracleReport {
  return judge({
    coverage: 'whole',
    trace: builder.build(),
    console: '[    1.000000] Linux',
    filecache: quietCache,
    stressors: [],
  })
}

/** Signatures of what is found in these events, between a load and a proper end. */
export function found(events: (builder: TraceBuilder) => TraceBuilder): string[] {
  const builder = events(new TraceBuilder().phase('load'))
    .phase('quiet', 5000)
    .phase('shutdown', 12_000)
    .phase('end', 12_500)
  return report(builder).findings.map(({ signature }) => signature)
}
