import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { logPathIn, readBisectLog } from '../../../harness/bisect/bisect-log.js'
import { SearchDriver, type EndReason } from '../../../harness/bisect/drive-search.js'
import type { LogEntry, RunEntry, StartEntry } from '../../../harness/bisect/log-entry.js'
import { Progress } from '../../../harness/bisect/progress.js'
import { culpritOf } from '../../../harness/bisect/result.js'
import { verifyCulprit } from '../../../harness/bisect/verify.js'
import { leastRight } from '../../bench/bisect/compare.js'
import { createRandom, kernelHistory } from '../../bench/bisect/histories.js'
import { World } from '../../bench/bisect/world.js'
import { openFakeBisect, type RunOutcome } from './fake-bisect.js'

const size = 80
const confidence = 0.9
const whole = {
  others: [],
  loadSeconds: 8,
  exposure: {},
  run: '',
  trouble: undefined,
  unbuildable: undefined,
}

function startOf(random: () => number): StartEntry {
  const { candidates } = kernelHistory(size, random)
  const buildable = (id: string) => ({ id, subject: id, evidence: id, base: 'base' })
  return {
    ...{ kind: 'start', schema: 1, signature: 'free-at-zero', seed: 7 },
    source: { kind: 'tree', tree: '', good: '', bad: '' },
    amplification: { scenario: 'CLOSE01', seconds: 8, profile: 'stock', clientsOnly: false, hash: '' },
    range: {
      candidates: candidates.map(({ id, parents, weight }) => ({
        ...{ ...buildable(id), parents: [...parents], weight },
      })),
      goodEvidence: [],
      good: buildable('good'),
    },
  }
}

interface Simulated {
  readonly isRight: boolean
  readonly entries: readonly LogEntry[]
  /** Of simulated time. */
  readonly seconds: number
  readonly mostOut: number
}

/** A whole search of which nothing but builds and runs is simulated: they take from 5 to 40 s, those that hit half of it. */
async function simulate(seed: number, jobs: number, rate = 0.3): Promise<Simulated> {
  const random = createRandom(seed)
  const start = startOf(random)
  const world = new World(start.range, { rate, errorRate: 0.05, unbuildable: 0.03 }, random)
  const entries: LogEntry[] = [start]
  const append = (entry: LogEntry): Promise<void> => Promise.resolve(void entries.push(entry))
  let out = 0
  let mostOut = 0
  const take = async <T>(seconds: number, result: T): Promise<T> => {
    mostOut = Math.max(mostOut, ++out)
    await new Promise((resolve) => setTimeout(resolve, 1000 * seconds))
    out--
    return result
  }
  const driver = new SearchDriver({
    ...{ start, confidence, budget: 1e9, jobs, signal: new AbortController().signal },
    log: { entries: [start], append, close: () => Promise.resolve() },
    workshop: {
      build: ({ candidate }) =>
        take(10, candidate < 0 || world.isBuildable(candidate) ? undefined : 'FCT_NFSD_BUILD: no'),
      run: ({ candidate }) => {
        const outcome = candidate < 0 ? 'miss' : world.run(candidate)
        const nothing = outcome === 'nothing' ? 'FCT_GUEST_LOST: gone' : undefined
        const seconds = (5 + 35 * random()) / (outcome === 'hit' ? 2 : 1)
        return take(seconds, { ...whole, isHit: outcome === 'hit', nothing })
      },
    },
    observer: { onStep: () => undefined, onEntry: () => undefined },
  })
  const began = performance.now()
  const reason = await atOnce(driver.search())
  const isRight =
    reason === 'nothing-left'
      ? driver.progress.search.suspects().some(({ candidate }) => candidate === world.culprit)
      : culpritOf(driver.progress, reason) === world.culprit
  return { isRight, entries, seconds: (performance.now() - began) / 1000, mostOut }
}

/** Lets simulated time pass as fast as it can. */
async function atOnce(search: Promise<EndReason>): Promise<EndReason> {
  while (vi.getTimerCount() > 0) await vi.advanceTimersToNextTimerAsync()
  return search
}

function runsOf(entries: readonly LogEntry[]): RunEntry[] {
  return entries.filter((entry) => entry.kind === 'run')
}

describe('with so many jobs', () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] }))
  afterEach(() => vi.useRealTimers())

  it('a search is right as often as it says, and sooner the more there are', async () => {
    const searches = 60
    const seconds: number[] = []
    for (const jobs of [1, 2, 4]) {
      let right = 0
      let total = 0
      for (let seed = 1; seed <= searches; seed++) {
        const found = await simulate(seed, jobs)
        expect(found.mostOut).toBe(jobs)
        right += Number(found.isRight)
        total += found.seconds
      }
      expect(right / searches).toBeGreaterThanOrEqual(leastRight(confidence, searches))
      seconds.push(total)
    }
    const [one = 0, two = 0, four = 0] = seconds
    expect(two).toBeLessThan(one / 1.7)
    expect(four).toBeLessThan(one / 2.9)
  })

  it('one: each step is taken to its end before the next is chosen', async () => {
    const { entries } = await simulate(3, 1)
    const [start, ...rest] = entries as [StartEntry, ...LogEntry[]]
    const progress = new Progress(start, confidence)
    let at = 0
    const take = (): LogEntry => {
      const entry = rest[at++]!
      progress.add(entry)
      return entry
    }
    for (;;) {
      const step = progress.search.next(progress.costs())
      if (step.kind === 'done') break
      const { candidate, runs } = step
      if (!progress.isBuilt(candidate)) {
        const built = take()
        expect(built).toMatchObject({ candidate })
        if (built.kind === 'skip') continue
      }
      for (let run = 0; run < runs; run++) {
        const entry = take() as RunEntry
        expect(entry).toMatchObject({ kind: 'run', candidate, seed: start.seed + progress.runs.length - 1 })
        if (entry.outcome !== 'miss') break
      }
    }
    expect(at).toBe(rest.length)
  })

  it('four: each run has a seed of its own, and is written down when it ends', async () => {
    const { entries } = await simulate(5, 4, 0.1)
    const seeds = runsOf(entries).map(({ seed }) => seed)
    const inOrder = seeds.toSorted((left, right) => left - right)
    expect(seeds).not.toEqual(inOrder)
    expect(inOrder).toEqual(seeds.map((_, index) => 7 + index))
  })
})

it('goes on where it was killed with two out, with the seeds that were lost', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fct-test-jobs-'))
  const start = startOf(createRandom(1))
  const culprit = 50
  const isBad = (candidate: number): boolean => {
    const parents = start.range.candidates[candidate]?.parents ?? []
    return candidate === culprit || parents.some(isBad)
  }
  const random = createRandom(2)
  const outcome: RunOutcome = ({ candidate, isReverted }) => ({
    isHit: !isReverted && isBad(candidate) && random() < 0.5,
  })
  const killed: number[] = []
  let kill: (reason: Error) => void = () => undefined
  const death = new Promise<never>((_, reject) => (kill = reject))
  const first = await openFakeBisect(
    start,
    folder,
    (which, seed) => {
      if (seed < start.seed + 9) return outcome(which, seed)
      if (killed.push(seed) === 2) kill(new Error('killed'))
      return death
    },
    { jobs: 2 },
  )
  await expect(first.search()).rejects.toThrow('killed')
  await first.close()
  expect(killed).toHaveLength(2)
  const second = await openFakeBisect(start, folder, outcome, { jobs: 2 })
  expect(second.driver.progress.runs).toHaveLength(9)
  const reason = await second.search()
  const { progress } = second.driver
  expect(culpritOf(progress, reason)).toBe(culprit)
  const verification = await verifyCulprit(second.driver, culprit, 0.99, () =>
    Promise.resolve({ patch: '/revert.patch', reason: undefined }),
  )
  await second.close()
  expect(verification).toMatchObject({ outcome: 'holds', hits: 0, misses: verification.needed })
  const { entries } = await readBisectLog(logPathIn(folder))
  const seeds = runsOf(entries).map(({ seed }) => seed)
  expect(seeds.toSorted((left, right) => left - right)).toEqual(seeds.map((_, index) => start.seed + index))
  const told = new Progress(start, 0.99)
  for (const entry of entries) told.add(entry)
  expect(told.search.posterior()).toEqual(progress.search.posterior())
  await rm(folder, { recursive: true })
})
