import { describe, expect, it } from 'vitest'
import type { Trace } from '../../../addon/index.js'
import { FileEvents } from '../../../harness/decode/file-events.js'
import { GapFinder } from '../../../harness/decode/gap-bounds.js'
import { ModuleEvents } from '../../../harness/decode/module-events.js'
import type { FlavourId } from '../../../harness/oracle/flavours/flavour.js'
import { flagMasks } from '../../../harness/oracle/flavours/flavour.js'
import { featuresOf, flavours } from '../../../harness/oracle/flavours/probe.js'
import { codeOf } from '../../../harness/oracle/operations.js'
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
  const { begun, ended, cutByGaps } = trial.lives
  return [...said, `${begun} lives, ${ended} ended, ${cutByGaps} cut`]
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
