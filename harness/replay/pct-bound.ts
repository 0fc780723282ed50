import type { ResultPct } from '../verdict/result.js'

/** What strategy pct came to over all seeds of a search. */
export interface PctOverSeeds extends ResultPct {
  /**
   * How likely a bug of the depth is to show, at the least, if it takes no more than the threads that took part and one round's
   * passes of injection points: 1/(n k^(d-1)) (Burckhardt et al., ASPLOS 2010), n being the most threads of a round, k the
   * passes that change points were drawn from, which no round exceeds. null: a thread took part that could get no priority.
   */
  readonly bound: { readonly round: number; readonly seed: number } | null
}

/** @param seeds Of one search. @returns undefined if there are none */
export function pctOverSeeds(seeds: readonly ResultPct[]): PctOverSeeds | undefined {
  const [first] = seeds
  if (first === undefined) return undefined
  const { depth, steps } = first
  const sum = (count: (seed: ResultPct) => number): number =>
    seeds.reduce((total, seed) => total + count(seed), 0)
  const rounds = sum((seed) => seed.rounds)
  const threads = Math.max(...seeds.map((seed) => seed.threads))
  const leftOut = sum((seed) => seed.leftOut)
  const round = 1 / (threads * steps ** (depth - 1))
  const isKnown = leftOut === 0 && threads > 0
  return {
    depth,
    steps,
    rounds,
    cut: sum(({ cut }) => cut),
    passes: sum(({ passes }) => passes),
    threads,
    leftOut,
    bound: isKnown ? { round, seed: chanceOf(round, rounds / seeds.length) } : null,
  }
}

/** Of at least one in so many independent rounds. */
function chanceOf(round: number, rounds: number): number {
  return -Math.expm1(rounds * Math.log1p(-round))
}

/** For people. @param found Seeds that found something, of all that were tried */
export function describePct(
  { depth, steps, rounds, cut, passes, threads, bound }: PctOverSeeds,
  found: { readonly hits: number; readonly tried: number },
): string {
  const number = (value: number): string => value.toLocaleString('en-US')
  const share = (value: number): string => `${(100 * value).toPrecision(3)} %`
  const mean = rounds === 0 ? 0 : passes / rounds
  const rates =
    bound === null
      ? 'no bound: there were more threads than priorities'
      : `a bug of that depth shows with 1/(n k^${String(depth - 1)}) = ${bound.round.toExponential(1)} a round at the least, ${share(bound.seed)} a seed`
  return [
    `pct, depth ${String(depth)}: n = ${number(threads)} threads, k = ${number(steps)} passes of injection points; ${rates}`,
    `${number(rounds)} rounds (${number(cut)} ended by time) of ${number(Math.round(mean))} passes on average; found by ${number(found.hits)} of ${number(found.tried)} seeds, ${share(found.hits / found.tried)}`,
  ].join('\n')
}
