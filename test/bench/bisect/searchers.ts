import type { History } from '../../../harness/bisect/history.js'
import type { RateRange } from '../../../harness/bisect/rates.js'
import { createSearch } from '../../../harness/bisect/search.js'
import type { World } from './world.js'

/** What a search came to. */
export interface Found {
  /** It named the culprit, alone or among commits that no run tells apart. */
  readonly isRight: boolean
  /** It named anything. */
  readonly isAnswer: boolean
  readonly runs: number
  readonly builds: number
}

/** Seconds, about those of a step inside fs/nfsd. */
const buildSeconds = 5
const runSeconds = 30

/** @param rate Where it is told that the failure rate lies. */
export function searchOurs(history: History, world: World, confidence: number, rate?: RateRange): Found {
  const search = createSearch(history, { confidence, rate })
  const costs = {
    buildSeconds: (candidate: number) => (world.built.has(candidate) ? 0 : buildSeconds),
    runSeconds,
  }
  for (;;) {
    const step = search.next(costs)
    if (step.kind === 'done') {
      const isAnswer = step.reason === 'confident' || step.reason === 'nothing-left'
      const isRight = isAnswer && search.suspects().some(({ candidate }) => candidate === world.culprit)
      return { isRight, isAnswer, runs: world.runs, builds: world.built.size }
    }
    const { candidate, runs } = step
    if (!world.isBuildable(candidate)) {
      search.observe({ candidate, outcome: 'unbuildable' })
      continue
    }
    for (let run = 0; run < runs; run++) {
      const outcome = world.run(candidate)
      search.observe({ candidate, outcome })
      if (outcome === 'hit') break
    }
  }
}
