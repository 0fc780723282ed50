import type { Candidate, History } from '../../../harness/bisect/history.js'
import { weigh } from '../../../harness/bisect/prior.js'

/** Of mulberry32: 0 <= x < 1, the same for the same seed. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let hash = Math.imul(state ^ (state >>> 15), state | 1)
    hash = (hash + Math.imul(hash ^ (hash >>> 7), hash | 61)) ^ hash
    return ((hash ^ (hash >>> 14)) >>> 0) / 2 ** 32
  }
}

/** One commit after the other, each the culprit as likely as any. */
export function linearHistory(size: number): History {
  return {
    candidates: Array.from({ length: size }, (_, index) => candidate(index, index ? [index - 1] : [])),
  }
}

/**
 * As a maintainer's pulls look: topic branches of 5 to 40 commits that start from any of the last merges and are merged one
 * after the other, some of them out of smaller branches; few commits are made on the trunk itself.
 */
export function kernelHistory(size: number, random: () => number): History {
  const candidates: Candidate[] = []
  const commit = (parents: number[]): number => candidates.push(candidate(candidates.length, parents)) - 1
  const trunk: number[] = [commit([])]
  const branch = (from: number, length: number): number => {
    let tip = commit([from])
    for (let made = 1; made < length; made++) {
      const isMerge = length > 10 && random() < 0.04
      tip = isMerge ? commit([tip, branch(tip, 1 + Math.floor(random() * 6))]) : commit([tip])
    }
    return tip
  }
  while (candidates.length < size - 45) {
    const tip = trunk.at(-1)!
    const from = trunk[Math.max(0, trunk.length - 1 - Math.floor(random() * 6))]!
    trunk.push(random() < 0.15 ? commit([tip]) : commit([tip, branch(from, 5 + Math.floor(random() * 36))]))
  }
  while (candidates.length < size) trunk.push(commit([trunk.at(-1)!]))
  return { candidates }
}

/** Of a range's commits, by the file that each touches; the rest touch drivers and the like. */
const shares: readonly (readonly [string, number])[] = [
  ['fs/nfsd/filecache.c', 0.005],
  ['fs/nfsd/nfs4state.c', 0.025],
  ['net/sunrpc/svc.c', 0.02],
  ['mm/slub.c', 0.15],
]

/** The same history with a file for each commit, and the prior that the search takes from it. */
export function withPaths({ candidates }: History, random: () => number): PathHistory {
  const paths = candidates.map(() => {
    let draw = random()
    return shares.find(([, share]) => (draw -= share) < 0)?.[0] ?? 'drivers/net/dummy.c'
  })
  const touched = candidates.map(({ parents }, index) => ({
    paths: parents.length > 1 ? [] : [paths[index] ?? ''],
    isMerge: parents.length > 1,
  }))
  const weights = weigh(touched, [])
  return {
    candidates: candidates.map((each, index) => ({ ...each, weight: weights[index] ?? 1 })),
    isOfNfsd: touched.map(({ paths: [path = ''] }) => path.startsWith('fs/nfsd/')),
  }
}

/** Which commits `git log -- fs/nfsd` would list. */
export interface PathHistory extends History {
  readonly isOfNfsd: readonly boolean[]
}

function candidate(index: number, parents: readonly number[]): Candidate {
  return { id: `c${index}`, parents, weight: 1, evidence: `tree ${index}` }
}
