import type { Candidate, History } from '../../../harness/bisect/history.js'

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

/** Nothing is known of any commit. */
const evenly = (): number => 1

/** One commit after the other, each the culprit as likely as any. */
export function linearHistory(size: number): History {
  return {
    candidates: Array.from({ length: size }, (_, index) =>
      candidate(index, index ? [index - 1] : [], evenly),
    ),
  }
}

/**
 * As a maintainer's pulls look: topic branches of 5 to 40 commits that start from any of the last merges and are merged one
 * after the other, some of them out of smaller branches; few commits are made on the trunk itself.
 */
export function kernelHistory(size: number, random: () => number, weightOf: () => number = evenly): History {
  const candidates: Candidate[] = []
  const commit = (parents: number[]): number =>
    candidates.push(candidate(candidates.length, parents, weightOf)) - 1
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

/** Prior weights as paths give them: few commits touch what fails, some its folder, most neither. */
export function pathWeight(random: () => number): () => number {
  return () => {
    const draw = random()
    return draw < 0.03 ? 100 : draw < 0.15 ? 10 : 1
  }
}

function candidate(index: number, parents: readonly number[], weightOf: () => number): Candidate {
  return { id: `c${index}`, parents, weight: weightOf(), evidence: `tree ${index}` }
}
