import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { FileEvents } from '../../harness/decode/file-events.js'
import { noRowsOf, type TraceSlice } from '../../harness/decode/load-trace.js'
import { ModuleEvents } from '../../harness/decode/module-events.js'
import { openTraceSource, type TraceSource } from '../../harness/decode/trace-source.js'
import { flagMasks, type Flavour, type FlavourFeatures } from '../../harness/oracle/flavours/flavour.js'
import { featuresOf, probeFlavour } from '../../harness/oracle/flavours/probe.js'
import { codeOf } from '../../harness/oracle/operations.js'
import { judgeSource } from '../../harness/oracle/oracle.js'
import type { TraceRule } from '../../harness/oracle/rule.js'
import { ruleSet } from '../../harness/oracle/rule-set.js'
import { TraceJudge } from '../../harness/oracle/trace-judge.js'
import { writeLives } from './life-writer.js'
import { ObjectJudge } from './object-judge.js'
import type { Row } from './row.js'
import type { Bench } from './run-bench.js'

const wanted = 3_000_000
const fewRounds = 9
const rounds = 45
const papers = { console: '', filecache: [], stressors: [] }

/** What it costs to judge a trace while it is read, beside reading alone and an object per event. Processor time of all threads. */
export const oracleBench: Bench = {
  name: 'oracle',
  needs: { scratchMiB: 400 },
  async *measure() {
    const scratch = await mkdtemp(join(tmpdir(), 'fct-bench-'))
    try {
      const path = join(scratch, 'trace.dat')
      const events = await writeLives(scratch, path, wanted)
      yield* await measureTime(path, events)
      yield await measureMemory(path)
    } finally {
      await rm(scratch, { recursive: true })
    }
  },
}

async function measureTime(path: string, events: number): Promise<Row[]> {
  const source = await openTraceSource(path)
  const kept = await keep(source)
  const ways = {
    ...{ alone: decode, walked: walkStream, judged: judgeStream },
    ...{ keptWalked: () => walkStream(kept), keptJudged: () => judgeStream(kept), objects: judgeObjects },
  }
  type Way = keyof typeof ways
  const times = Object.fromEntries(Object.keys(ways).map((way) => [way, []])) as unknown as Record<
    Way,
    number[]
  >
  const differences = structuredClone(times)
  // By turns, because the machine's own speed changes more than what is measured.
  for (let round = 0; round < rounds; round++) {
    for (const way of Object.keys(ways) as Way[]) {
      // What is measured for itself, not as a difference, needs no more.
      if (round >= fewRounds && !['alone', 'walked', 'judged'].includes(way)) continue
      const seconds = await timeOf(() => ways[way](source))
      times[way].push(seconds)
      differences[way].push(seconds - (times.alone.at(-1) ?? NaN))
    }
  }
  const least = (way: Way): number => Math.min(...times[way])
  const speed = (way: Way): number => events / least(way) / 1e6
  const inMemory = (way: Way): number => (least(way) * 1e9) / events
  // Of two least times the difference would be as much as whichever of them had the better moment.
  const onTop = (way: Way): number => (medianOf(differences[way]) * 1e9) / events
  const name = 'an object per event'
  return [
    { what: 'decode alone', ours: speed('alone'), unit: 'M/s', better: 'more' },
    {
      ...{ what: 'decode and judge', ours: speed('judged'), unit: 'M/s', better: 'more' },
      ...{ peer: { name, value: speed('objects') }, bar: { value: 5 } },
    },
    {
      what: 'state machine of objects, tasks and calls, with its rules, an event on top of decode',
      ...{ ours: onTop('walked'), unit: 'ns', better: 'less', bar: { value: 10 } },
    },
    {
      what: 'that state machine, an event that is in memory',
      ...{ ours: inMemory('keptWalked'), unit: 'ns', better: 'less' },
    },
    {
      what: 'the whole judge (counts, phases and gaps as well), an event on top of decode',
      ...{ ours: onTop('judged'), unit: 'ns', better: 'less' },
      peer: { name, value: onTop('objects') },
    },
    {
      what: 'the whole judge, an event that is in memory',
      ...{ ours: inMemory('keptJudged'), unit: 'ns', better: 'less' },
    },
  ]
}

/** The same, with nothing left to decode: what is missing to the time on top of decode is what the two cost each other. */
async function keep(source: TraceSource): Promise<TraceSource> {
  const slices: TraceSlice[] = []
  for await (const slice of source.read()) slices.push(slice)
  return {
    head: source.head,
    async *read() {
      for (const slice of slices) yield await Promise.resolve(slice)
    },
  }
}

function medianOf(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN
}

/** Processor time, in seconds. */
async function timeOf(run: () => Promise<void>): Promise<number> {
  const began = process.cpuUsage()
  await run()
  const { user, system } = process.cpuUsage(began)
  return (user + system) / 1e6
}

async function decode(source: TraceSource): Promise<void> {
  let rows = 0
  for await (const slice of source.read()) rows += slice.rows.count
  if (rows < wanted) throw new Error(`read ${rows} events`)
}

async function judgeStream(source: TraceSource): Promise<void> {
  const { findings, events, lives, applied } = await judgeSource(source, papers, {
    coverageOf: () => 'whole',
  })
  // A judge that is not asked is fast.
  if (findings.length > 0 || lives.ended < 10_000 || events.judged < wanted / 2 || applied.length < 15)
    throw new Error(`judged ${events.judged}: ${findings.map(({ signature }) => signature).join(' ')}`)
}

/** The judge's state machine with the rules that it stops for: as the judge walks, without its counts, phases and gaps. */
async function walkStream(source: TraceSource): Promise<void> {
  const { flavour, features, rules } = caseOf(source)
  let found = 0
  const nothing = noRowsOf(source.head.types)
  const [events, told] = [FileEvents.over(nothing, codeOf), new ModuleEvents(nothing)]
  if (!events) throw new Error('the trace has no events of files')
  const trial = new TraceJudge({
    ...{ events, told, flavour, rules, flags: flagMasks(features), phases: [] },
    onBroken: () => found++,
  })
  for await (const slice of source.read()) {
    events.enter(slice)
    told.enter(slice)
    trial.walk(slice, 0, slice.rows.count)
  }
  if (found > 0 || trial.lives.ended < 10_000) throw new Error(`the walk found ${found}`)
}

function caseOf({ head }: TraceSource): { flavour: Flavour; features: FlavourFeatures; rules: TraceRule[] } {
  const features = featuresOf(head.types)
  const { flavour } = probeFlavour(features)
  if (!flavour) throw new Error('the flavour of the trace is not known')
  const rules = ruleSet.filter(
    (rule): rule is TraceRule => rule.flavours !== 'any' && rule.flavours.includes(flavour.id),
  )
  return { flavour, features, rules }
}

async function judgeObjects(source: TraceSource): Promise<void> {
  const { flavour, features, rules } = caseOf(source)
  let trial: ObjectJudge | undefined
  for await (const slice of source.read()) {
    trial ??= new ObjectJudge(slice, flavour, features, rules)
    trial.push(slice)
  }
  if (trial?.found !== 0) throw new Error(`the objects were found wanting: ${trial?.found ?? 'none'}`)
}

/** The most memory of a process that does nothing else. */
async function measureMemory(path: string): Promise<Row> {
  const most = async (way: 'whole' | 'batches'): Promise<number> => {
    const from = (file: string): string =>
      JSON.stringify(new URL(`../../harness/${file}.js`, import.meta.url))
    const whole = `judge({ trace: await loadTrace(path), coverage: 'whole', ...papers })`
    const batches = `await judgeSource(await openTraceSource(path), papers, { coverageOf: () => 'whole' })`
    const code = `import { readFileSync } from 'node:fs'
      import { loadTrace } from ${from('decode/load-trace')}
      import { openTraceSource } from ${from('decode/trace-source')}
      import { judge, judgeSource } from ${from('oracle/oracle')}
      const [path, papers] = [${JSON.stringify(path)}, ${JSON.stringify(papers)}]
      ${way === 'whole' ? whole : batches}
      console.log(/VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1])`
    const { stdout } = await execa(process.execPath, ['--input-type=module', '-e', code])
    return Number(stdout) / 1024
  }
  const peer = { name: 'all events decoded first', value: await most('whole') }
  return { what: 'memory, batch by batch', ours: await most('batches'), unit: 'MiB', better: 'less', peer }
}
