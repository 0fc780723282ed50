import { describe, expect, it } from 'vitest'
import type { Trace } from '../../../addon/index.js'
import { FileEvents } from '../../../harness/decode/file-events.js'
import { GapFinder } from '../../../harness/decode/gap-bounds.js'
import { ModuleEvents } from '../../../harness/decode/module-events.js'
import type { FlavourId } from '../../../harness/oracle/flavours/flavour.js'
import { flagMasks } from '../../../harness/oracle/flavours/flavour.js'
import { featuresOf, flavours } from '../../../harness/oracle/flavours/probe.js'
import { codeOf } from '../../../harness/oracle/operations.js'
import { shift, wasteWord } from '../../../harness/oracle/records.js'
import { judge, judgeSource } from '../../../harness/oracle/oracle.js'
import type { TraceRule } from '../../../harness/oracle/rule.js'
import { ruleSet } from '../../../harness/oracle/rule-set.js'
import { TraceJudge } from '../../../harness/oracle/trace-judge.js'
import { Random } from './model/random.js'
import { runModel } from './model/run-model.js'
import { mutate, slicesOf } from './pieces.js'

const ids = flavours.map(({ id }) => id)
const traceRules = ruleSet.filter((rule): rule is TraceRule => rule.flavours !== 'any')

/** What the rules of a flavour say of a trace, each accusation with its row, and how many lives there were. */
function accuse(trace: Trace, id: FlavourId, isThorough: boolean): string[] {
  return tryTrace(trace, id, isThorough).said
}

/** The same, and what is known of each object at the end. */
function tryTrace(trace: Trace, id: FlavourId, isThorough: boolean): { said: string[]; known: number[][] } {
  const flavour = flavours.find((other) => other.id === id)!
  const events = FileEvents.over(trace, codeOf)!
  const said: string[] = []
  const trial = new TraceJudge({
    events,
    told: new ModuleEvents(trace),
    flavour,
    flags: flagMasks(featuresOf(trace.types)),
    rules: traceRules.filter((rule) => rule.flavours.includes(id)),
    phases: [],
    isThorough,
    onBroken: (rule, { path, says }, row) => said.push(`${row} ${rule.id}: ${path}: ${says}`),
  })
  const gaps = new GapFinder([])
  let row = 0
  for (const edge of gaps.enter(trace)) {
    trial.walk(trace, row, edge.row)
    trial.pass(edge)
    row = edge.row
  }
  trial.walk(trace, row, trace.rows.count)
  trial.end()
  const { begun, ended, cutByGaps, records } = trial.lives
  const known = [...trace.pointers.keys()].map((nf) => [
    ...records.subarray(nf << shift, (nf << shift) + wasteWord),
  ])
  // Of NULL nothing is known that anybody asks for.
  return { said: [...said, `${begun} lives, ${ended} ended, ${cutByGaps} cut`], known: known.slice(1) }
}

describe.each(ids)('of the flavour %s, the fast path', (flavour) => {
  it('says what all rules say when they are asked at every event', () => {
    for (let seed = 1; seed <= 12; seed++) {
      const random = new Random(seed)
      const { trace } = runModel({ seed, flavour, isLossy: seed % 3 === 0, isPreemptible: seed % 2 === 0 })
      for (let round = 0; round < 3; round++) {
        expect(accuse(trace, flavour, false), `seed ${seed}, round ${round}`).toEqual(
          accuse(trace, flavour, true),
        )
        mutate(trace, random)
      }
    }
  })
})

/** Calls and closed files as no module tells of them: without begin, without end, of others. */
function mutateTold(trace: Trace, random: Random): void {
  const { pid, index, type } = trace.rows
  const rowsOf = (name: string): number[] => {
    const number = trace.types.findIndex((other) => other.name === name)
    return [...type.keys()].filter((row) => type[row] === number)
  }
  const columnsOf = (name: string): Record<string, Uint32Array> =>
    trace.columns[trace.types.findIndex((other) => other.name === name)] as Record<string, Uint32Array>
  const [calls, fputs, files] = [rowsOf('fct_call'), rowsOf('fct_fput'), rowsOf('fct_file')]
  const { stressor, end, kthread, inode } = columnsOf('fct_call')
  for (let left = calls.length > 0 ? random.below(30) : 0; left > 0; left--) {
    const row = random.pick(calls)
    const change = random.below(6)
    if (change === 0) stressor![index[row]!] = 6
    if (change === 1) end![index[row]!] = random.below(2)
    if (change === 2) kthread![index[row]!] = random.below(2)
    if (change === 3) inode![index[row]!] = inode![index[random.pick(calls)]!]!
    if (change === 4) pid[row] = pid[random.pick(files)]!
    // The caller frees more than it says, or another one does it.
    if (change === 5) pid[random.pick(files)] = pid[row]!
  }
  for (let left = fputs.length > 0 ? random.below(30) : 0; left > 0; left--)
    columnsOf('fct_fput').file![index[random.pick(fputs)]!] =
      columnsOf('fct_file').file![index[random.pick(files)]!]!
}

describe.each(ids)('of the flavour %s, the fast path', (flavour) => {
  it('comes to know of every object what the thorough one knows', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const random = new Random(seed)
      const { trace } = runModel({ seed, flavour, isLossy: seed % 5 === 0, operations: 400 })
      for (let round = 0; round < 4; round++) {
        const thorough = tryTrace(trace, flavour, true)
        expect(tryTrace(trace, flavour, false), `seed ${seed}, round ${round}`).toEqual(thorough)
        mutateTold(trace, random)
        if (round > 0) mutate(trace, random)
      }
    }
  })
})

it('a module that tells less of its calls is heard all the same', () => {
  for (const field of ['inode', 'kthread', 'stressor', 'end'] as const) {
    const { trace } = runModel({ seed: 7 })
    Reflect.deleteProperty(trace.columns[trace.types.findIndex(({ name }) => name === 'fct_call')]!, field)
    expect(tryTrace(trace, 'lru-holds-ref', false)).toEqual(tryTrace(trace, 'lru-holds-ref', true))
  }
})

it('calls that leave files open one after the other are found by both', () => {
  const said = new Set<string>()
  for (let seed = 1; seed <= 10; seed++) {
    const { trace } = runModel({ seed, defect: 'close leaves files open' })
    const fast = accuse(trace, 'lru-holds-ref', false)
    expect(fast, `seed ${seed}`).toEqual(accuse(trace, 'lru-holds-ref', true))
    for (const text of fast) said.add(text.replace(/^\d+ /, ''))
  }
  expect([...said]).toContainEqual(expect.stringMatching(/^close-sync-closes: struct file open/))
})

it('changed traces break most rules over events', () => {
  const broken = new Set<string>()
  for (let seed = 1; seed <= 30; seed++) {
    const { trace } = runModel({ seed })
    mutate(trace, new Random(seed))
    for (const text of accuse(trace, 'lru-holds-ref', false))
      broken.add(/^\d+ ([a-z-]+)/.exec(text)?.[1] ?? '')
  }
  expect([...broken]).toEqual(
    expect.arrayContaining([
      'event-after-free',
      'use-at-zero',
      'endless-loop',
      'lru-alternates',
      'in-use-not-taken',
    ]),
  )
})

describe('a trace that comes in pieces', () => {
  it.each(['whole', 'cut', 'holed'] as const)('is judged as in one, if it is %s', async (coverage) => {
    for (let seed = 1; seed <= 12; seed++) {
      const run = runModel({ seed, isLossy: seed % 2 === 0, operations: 400 })
      const trace = { ...run.trace, comms: { 101: 'nfsd' } }
      if (seed % 3 !== 0) mutate(trace, new Random(seed))
      const papers = {
        console: '[    1.000000] Linux',
        filecache: [{ phase: 'quiet' as const, text: run.filecache }],
        stressors: [],
      }
      const source = {
        head: trace,
        async *read() {
          for (const slice of slicesOf(trace, 1 + seed * 37)) yield await Promise.resolve(slice)
        },
      }
      const inPieces = await judgeSource(source, papers, { coverageOf: () => coverage })
      expect(inPieces, `seed ${seed}`).toEqual(judge({ ...papers, trace, coverage }))
    }
  })
})
