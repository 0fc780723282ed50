import type { TraceHead } from '../decode/load-trace.js'
import type { PhaseMark } from '../decode/phase-marks.js'
import type { Case, JudgePapers } from './case.js'
import type { Counted } from './counted.js'
import type { Supplies } from './needs.js'
import { codes } from './operations.js'
import type { StreamCase, StreamJudge } from './stream-judge.js'

/** What there is to judge by where there is no trace. */
export function suppliesOnPaper({ probed }: Case, papers: JudgePapers): Supplies {
  const { filecache, leftovers, console } = papers
  return {
    probed,
    events: 'there is no trace',
    key: 'nfsd_file',
    recorded: new Set(),
    counted: 'events are missing',
    told: new Set(),
    clock: '',
    raisedStamps: 0,
    gaps: [],
    phases: [],
    quietMs: null,
    filecache,
    hasLeftovers: leftovers !== undefined,
    hasConsole: console.trim() !== '',
  }
}

/** The most that a trace may turn out to give, of which only the head is known. */
export function suppliesAtBest(
  trial: Case,
  papers: JudgePapers,
  head: TraceHead,
  { events, told }: Pick<StreamCase, 'events' | 'told'>,
): Supplies {
  return {
    ...suppliesOnPaper(trial, papers),
    events,
    key: trial.key,
    recorded: new Set(Object.values(codes)),
    told: told.told,
    clock: head.clock,
    phases: [{ phase: 'end', row: 0, ms: 0 }],
    quietMs: Infinity,
  }
}

/** What a trace has turned out to give. */
export function suppliesOf(trial: Case, papers: JudgePapers, head: TraceHead, judge: StreamJudge): Supplies {
  const { events, census, gaps, phases, told } = judge
  const hasEvents = typeof events !== 'string'
  return {
    ...suppliesOnPaper(trial, papers),
    events,
    key: hasEvents ? trial.key : 'nfsd_file',
    recorded: hasEvents && census ? census.recorded : new Set(),
    counted: hasEvents && gaps.length === 0 ? compare(papers, census?.counted) : 'events are missing',
    told: told.told,
    clock: head.clock,
    raisedStamps: head.perCpu.reduce((sum, { raised }) => sum + raised, 0),
    gaps,
    phases,
    quietMs: quietMsOf(phases),
  }
}

/** @returns why the counters of nfsd cannot be compared */
function compare({ filecache, wasRestarted }: JudgePapers, counted: Counted | undefined): Counted | string {
  if (wasRestarted) return 'nfsd was restarted, and its counters with it'
  if (!filecache.some(({ phase }) => phase === 'start')) return 'the counters were not read before the load'
  return counted ?? 'the trace does not tell when the load was'
}

function quietMsOf(phases: readonly PhaseMark[]): number | null {
  const quiet = phases.find(({ phase }) => phase === 'quiet')
  const shutdown = phases.find(({ phase }) => phase === 'shutdown')
  return quiet && shutdown ? shutdown.ms - quiet.ms : null
}
