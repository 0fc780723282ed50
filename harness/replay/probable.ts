/**
 * Probabilistic delta debugging (Wang et al., "Probabilistic Delta Debugging", ESEC/FSE 2021): each part has a probability that it is
 * needed. Tried next is the set of parts whose removal saves most on average: the sum of what it saves, times the probability that
 * none is needed. A failure raises the probability of each of them by Bayes' rule.
 */
export interface Part {
  readonly id: string
  /** What its removal saves; above 0. */
  readonly saves: number
  /** Probability that it is needed. 1: it has been tried alone. */
  readonly needed: number
}

/** Of a part that nobody has tried. */
export const unknown = 0.2

/** @returns Ids; empty if every part that is left is needed. */
export function bestSet(parts: readonly Part[]): string[] {
  // Of any size, the set with the best chance; among equals the one that saves most.
  const sorted = parts
    .filter(({ needed }) => needed < 1)
    .sort((a, b) => a.needed - b.needed || b.saves - a.saves || (a.id < b.id ? -1 : 1))
  let best = { size: 0, gain: 0 }
  let saved = 0
  let chance = 1
  sorted.forEach(({ saves, needed }, index) => {
    saved += saves
    chance *= 1 - needed
    if (saved * chance > best.gain) best = { size: index + 1, gain: saved * chance }
  })
  return sorted.slice(0, best.size).map(({ id }) => id)
}

/** After a set that cannot be removed as a whole. One of a single part: it is needed. */
export function afterFailure(
  needed: ReadonlyMap<string, number>,
  tried: readonly string[],
): Map<string, number> {
  const chanceOf = (id: string): number => needed.get(id) ?? unknown
  const any = 1 - tried.reduce((product, id) => product * (1 - chanceOf(id)), 1)
  const risen = tried.map((id) => [id, tried.length === 1 ? 1 : Math.min(chanceOf(id) / any, most)] as const)
  return new Map([...needed, ...risen])
}

/** Of a part that has never been tried alone. */
const most = 0.99
