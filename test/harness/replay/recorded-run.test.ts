import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openJournal, replayInto, type SearchHead } from '../../../harness/replay/journal.js'
import { Minimiser } from '../../../harness/replay/minimise.js'
import { readRecordedRun, signatureIn } from '../../../harness/replay/recorded-run.js'
import { outcomeOf } from '../../../harness/replay/run-outcome.js'
import { loadScenario } from '../../../harness/scenario/scenario.js'
import type { ResultDocument } from '../../../harness/verdict/result.js'

let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fct-test-replay-'))
})

afterEach(() => rm(folder, { recursive: true }))

type Judged = Pick<ResultDocument, 'verdict' | 'findings' | 'reasons'>

function judged(verdict: Judged['verdict'], signatures: string[], codes: string[] = []): Judged {
  return {
    verdict,
    findings: signatures.map((signature) => ({
      ...{ signature, rule: 'x', count: 1, firstGuestSecond: 1, evidence: '' },
    })),
    reasons: codes.map((code) => ({ code: code as `FCT_${string}`, message: '' })),
  }
}

describe('a run', () => {
  it('is read as it was', async () => {
    const scenario = loadScenario('CLOSE01')
    const kernel = { name: 'debian:6.1', patches: ['a.patch'], profile: 'stock', release: '6.1.0' }
    await writeFile(join(folder, 'run.json'), JSON.stringify({ scenario, seed: '7', busted: '', kernel }))
    await writeFile(join(folder, 'verdict.json'), JSON.stringify(judged('FAIL', ['x: y'])))
    expect(await readRecordedRun(folder)).toMatchObject({
      scenario,
      seed: 7,
      release: '6.1.0',
      deterministic: false,
    })
    const counted = { deterministic: true, pct: { depth: 3, steps: 500 } }
    await writeFile(
      join(folder, 'run.json'),
      JSON.stringify({ scenario, seed: '7', busted: '', kernel, ...counted }),
    )
    expect(await readRecordedRun(folder)).toMatchObject(counted)
    await writeFile(join(folder, 'run.json'), '{}')
    await expect(readRecordedRun(folder)).rejects.toMatchObject({ code: 'FCT_RUN_INVALID' })
  })

  it('has the finding that is meant', () => {
    const found = judged('FAIL', ['a: one', 'b: two', 'b: two more'])
    expect(signatureIn(found)).toBe('a: one')
    expect(signatureIn(found, 'more')).toBe('b: two more')
    expect(signatureIn(found, 'b: two')).toBe('b: two')
    expect(() => signatureIn(found, 'two')).toThrow(
      expect.objectContaining({ code: 'FCT_SIGNATURE_AMBIGUOUS' }),
    )
    expect(() => signatureIn(found, 'c')).toThrow(expect.objectContaining({ code: 'FCT_SIGNATURE_UNKNOWN' }))
  })

  it.each([
    ['hit', judged('FAIL', ['s'], ['FCT_GUEST_KERNEL_FAULT'])],
    ['miss', judged('PASS', [])],
    ['miss', judged('FAIL', ['t'], ['FCT_ORACLE_FINDING'])],
    ['miss', judged('INCONCLUSIVE', [], ['FCT_STRESSOR_IDLE', 'FCT_EXPOSURE_NONE'])],
    ['none', judged('INCONCLUSIVE', [], ['FCT_TRACE_LOST'])],
    ['none', judged('FAIL', ['t'], ['FCT_ORACLE_FINDING', 'FCT_GUEST_KERNEL_FAULT'])],
    ['none', judged('ERROR', [], [])],
  ])('is a %s', (outcome, result) => {
    expect(outcomeOf(result, 's')).toBe(outcome)
  })
})

describe('a search that was broken off', () => {
  const goal = { ratio: 2, error: 0.05 }
  const head: SearchHead = { schema: 1, signature: 's', goal, from: '/runs/one' }

  it('goes on where it was, also after half a line', async () => {
    const first = new Minimiser(loadScenario('CLOSE01'), goal)
    const journal = await openJournal(folder, head)
    for (let run = 0; run < 9; run++) {
      await journal.append({ outcome: 'hit', run: String(run) })
      first.observe('hit')
    }
    await journal.append({ hurry: true })
    first.hurry()
    await writeFile(join(folder, 'search.jsonl'), '{"outcome":"mi', { flag: 'a' })
    const { entries, append } = await openJournal(folder, head)
    const second = new Minimiser(loadScenario('CLOSE01'), goal)
    replayInto(second, entries)
    expect(second.next()).toEqual(first.next())
    expect(second.result()).toEqual(first.result())
    await append({ outcome: 'miss', run: '9' })
    expect((await openJournal(folder, head)).entries).toHaveLength(11)
  })

  it('is not taken for another one', async () => {
    await openJournal(folder, head)
    const other = openJournal(folder, { ...head, signature: 't' })
    await expect(other).rejects.toMatchObject({ code: 'FCT_MINIMISE_OTHER' })
  })
})
