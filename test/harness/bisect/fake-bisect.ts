import { openBisectLog } from '../../../harness/bisect/bisect-log.js'
import { beginOrResume } from '../../../harness/bisect/begin.js'
import {
  SearchDriver,
  type EndReason,
  type Which,
  type Workshop,
} from '../../../harness/bisect/drive-search.js'
import { readGitRange } from '../../../harness/bisect/git-history.js'
import type { StartEntry } from '../../../harness/bisect/log-entry.js'
import type { RunReading } from '../../../harness/bisect/read-run.js'

/** What a run of a candidate comes to; everything around it is real. */
export type RunOutcome = (which: Which, seed: number) => Partial<RunReading> | Promise<Partial<RunReading>>

export async function startOf(tree: string, good: string, bad: string): Promise<StartEntry> {
  const { range } = await readGitRange({ tree, good, bad, suspects: [] }, new AbortController().signal)
  return {
    ...{ kind: 'start', schema: 1, signature: 'free-at-zero', seed: 7 },
    source: { kind: 'tree', tree, good, bad },
    amplification: { scenario: 'CLOSE01', seconds: 8, profile: 'stock', clientsOnly: false, hash: '' },
    range: {
      candidates: range.candidates.map((candidate) => ({ ...candidate, parents: [...candidate.parents] })),
      goodEvidence: [...range.goodEvidence],
      good: range.good,
    },
  }
}

export interface FakeBisect {
  readonly driver: SearchDriver
  search(): Promise<EndReason>
  close(): Promise<void>
}

const whole = {
  isHit: false,
  nothing: undefined,
  unbuildable: undefined,
  others: [],
  loadSeconds: 8,
  trouble: undefined,
}

/** A search with its log on disk. */
export async function openFakeBisect(
  start: StartEntry,
  state: string,
  outcome: RunOutcome,
  {
    build = () => Promise.resolve(undefined),
    budget = 1e6,
    jobs = 1,
  }: { build?: Workshop['build']; budget?: number; jobs?: number } = {},
): Promise<FakeBisect> {
  const log = await openBisectLog(state)
  const begun = await beginOrResume(log, start, state).catch(async (error: unknown) => {
    await log.close()
    throw error
  })
  const run: Workshop['run'] = async (which, seed) => ({
    ...whole,
    exposure: { 'close*acquire': 100 },
    run: '',
    ...(await outcome(which, seed)),
  })
  const driver = new SearchDriver({
    ...{ start: begun, log, confidence: 0.99, budget, jobs, signal: new AbortController().signal },
    workshop: { build, run },
    observer: { onStep: () => undefined, onEntry: () => undefined },
  })
  return { driver, search: () => driver.search(), close: () => log.close() }
}

/** Fails at this rate; the same seed fails again. */
export function failsBy(seed: number, rate: number): boolean {
  const hash = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) >>> 0
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32 < rate
}
