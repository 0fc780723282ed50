import type { Lineage } from './lineage.js'

/**
 * Groups hypotheses that the same testable builds are bad under: no run tells them apart.
 *
 * @returns By hypothesis, the smallest of its group.
 */
export function groupAlike(lineage: Lineage, isTestable: (build: number) => boolean): Int32Array {
  const { size } = lineage
  // Sums of 104 scattered bits stand for sets of builds.
  const low = new Float64Array(size)
  const high = new Float64Array(size)
  for (let build = 0; build < size; build++) {
    if (!isTestable(build)) continue
    const [left, right] = [scatter(build), scatter(build + size)]
    lineage.forEachCulprit(build, (hypothesis) => {
      low[hypothesis] = ((low[hypothesis] ?? 0) + left) % modulus
      high[hypothesis] = ((high[hypothesis] ?? 0) + right) % modulus
    })
  }
  const groups = new Map<string, number>()
  return Int32Array.from(low, (left, hypothesis) => {
    const key = `${left},${high[hypothesis] ?? 0}`
    const group = groups.get(key) ?? hypothesis
    groups.set(key, group)
    return group
  })
}

const modulus = 2 ** 52

/** The finaliser of MurmurHash3, twice. */
function scatter(value: number): number {
  return mix(value) * 2 ** 20 + (mix(value ^ 0x9e3779b9) >>> 12)
}

function mix(value: number): number {
  let hash = value + 1
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
