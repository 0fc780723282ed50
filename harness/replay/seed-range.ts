/** Seeds from the first to the last. */
export interface SeedRange {
  readonly first: number
  readonly last: number
}

const mostSeeds = 1_000_000

/** Reads "1..500". @returns undefined if it is none */
export function parseSeedRange(text: string): SeedRange | undefined {
  const [, first, last] = /^(\d+)\.\.(\d+)$/.exec(text) ?? []
  const range = { first: Number(first), last: Number(last) }
  if (!Number.isSafeInteger(range.last) || range.first > range.last) return undefined
  return range.last - range.first < mostSeeds ? range : undefined
}

/**
 * Tries seeds, so many at a time, in order, until there are none left or `isEnough` says so of one.
 *
 * @param attempt What to do with a seed. One that throws ends the search with what it threw, when those under way are over.
 */
export async function trySeeds<T>(
  { first, last }: SeedRange,
  atATime: number,
  attempt: (seed: number) => Promise<T>,
  isEnough: (outcome: T) => boolean,
): Promise<T[]> {
  const outcomes: { seed: number; outcome: T }[] = []
  let next = first
  let isOver = false
  const work = async (): Promise<void> => {
    while (!isOver && next <= last) {
      const seed = next++
      try {
        const outcome = await attempt(seed)
        outcomes.push({ seed, outcome })
        isOver ||= isEnough(outcome)
      } catch (error) {
        isOver = true
        throw error
      }
    }
  }
  const ends = await Promise.allSettled(Array.from({ length: atATime }, work))
  for (const end of ends) if (end.status === 'rejected') throw end.reason
  return outcomes.sort((a, b) => a.seed - b.seed).map(({ outcome }) => outcome)
}
