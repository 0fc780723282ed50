import type { Lineage } from '../../../harness/bisect/lineage.js'
import type { Found } from './searchers.js'
import type { World } from './world.js'

/** What a step says of a commit. */
export type Judgement = 'good' | 'bad' | 'skip'

/** How a step of `git bisect` decides. */
export interface Rule {
  /** Whether the bad end and the good end are tried first, as syzkaller does; git believes what it is told. */
  readonly triesEnds: boolean
  judge(world: World, candidate: number, repeats: number): Judgement
}

/** `git bisect run` with a script that repeats until the first failure, at most so often; a run without verdict does not count. */
export const gitRule: Rule = {
  triesEnds: false,
  judge: (world, candidate, repeats) => {
    for (let misses = 0; misses < repeats;) {
      const outcome = world.run(candidate)
      if (outcome === 'hit') return 'bad'
      if (outcome === 'miss') misses++
    }
    return 'good'
  },
}

/**
 * syzkaller, pkg/bisect/bisect.go, test() and bisectionDecision() for a flaky reproducer: so many instances at the same time
 * (20 there), one crash is bad, three quarters without one are good, else the commit is skipped.
 */
export const syzkallerRule: Rule = {
  triesEnds: true,
  judge: (world, candidate, repeats) => {
    const outcomes = Array.from({ length: repeats }, () => world.run(candidate))
    if (outcomes.includes('hit')) return 'bad'
    return outcomes.filter((outcome) => outcome === 'miss').length >= (repeats * 3) / 4 ? 'good' : 'skip'
  },
}

/** How a plain bisection is done. */
export interface Plain {
  readonly rule: Rule
  readonly repeats: number
  /** By candidate: those that are halved first. With `isOnlyThose`, as `git bisect start -- PATH` does, no others are tried. */
  readonly first?: readonly boolean[]
  readonly isOnlyThose?: boolean
}

/** `git bisect` over a history whose commits all build something else: halves what is left, goes round what it must skip. */
export function bisectPlainly(lineage: Lineage, world: World, plain: Plain): Found {
  const { rule, repeats, first, isOnlyThose = false } = plain
  const size = lineage.size - 1
  let left = Uint8Array.from({ length: size }, (_, index) => Number(!isOnlyThose || first?.[index] === true))
  const skipped = new Set<number>()
  const judge = (candidate: number): Judgement =>
    world.isBuildable(candidate) ? rule.judge(world, candidate, repeats) : 'skip'
  const found = (isAnswer: boolean): Found => ({
    isAnswer,
    isRight: isAnswer && left[world.culprit] === 1,
    runs: world.runs,
    builds: world.built.size,
  })
  if (rule.triesEnds && (judge(size - 1) !== 'bad' || judge(-1) !== 'good')) return found(false)
  for (;;) {
    const candidate =
      (first && halveThose(lineage, left, first, skipped)) ??
      (isOnlyThose ? null : halve(lineage, left, skipped))
    if (candidate === null) return found(true)
    const judgement = judge(candidate)
    if (judgement === 'skip') {
      skipped.add(candidate)
      continue
    }
    const ancestors = new Uint8Array(size)
    lineage.forEachCulprit(candidate + 1, (build) => (ancestors[build - 1] = 1))
    left = left.map((isLeft, index) =>
      Number(isLeft === 1 && (ancestors[index] === 1) === (judgement === 'bad')),
    )
  }
}

/**
 * Halves those of `first` that are left, by trying one of them; of the last, tries itself and then what came before it. Null if
 * that is done.
 */
function halveThose(
  lineage: Lineage,
  left: Uint8Array,
  first: readonly boolean[],
  skipped: Set<number>,
): number | null {
  const those = left.map((isLeft, index) => Number(isLeft === 1 && first[index] === true))
  const elsewhere = new Set([...skipped, ...first.flatMap((isFirst, index) => (isFirst ? [] : [index]))])
  const candidate = halve(lineage, those, elsewhere)
  if (candidate !== null) return candidate
  const last = those.indexOf(1)
  if (last < 0 || those.indexOf(1, last + 1) >= 0) return null
  const before = (lineage.basis[last + 1] ?? 0) - 1
  return [last, before].find((each) => each >= 0 && !skipped.has(each) && parts(lineage, left, each)) ?? null
}

function parts(lineage: Lineage, left: Uint8Array, candidate: number): boolean {
  let inside = 0
  lineage.forEachCulprit(candidate + 1, (build) => (inside += left[build - 1] ?? 0))
  return inside > 0 && inside < left.reduce((sum, isLeft) => sum + isLeft, 0)
}

/** The commit with as many suspects among its ancestors as elsewhere; null if none parts them. */
function halve(
  { basis, added, addedFrom, size }: Lineage,
  left: Uint8Array,
  skipped: Set<number>,
): number | null {
  const counts = new Int32Array(size)
  for (let build = 1; build < size; build++) {
    let count = counts[basis[build]!]!
    for (let index = addedFrom[build]!; index < addedFrom[build + 1]!; index++)
      count += left[added[index]! - 1]!
    counts[build] = count
  }
  const all = left.reduce((sum, isLeft) => sum + isLeft, 0)
  let best: number | null = null
  let most = 0
  counts.forEach((count, build) => {
    const parted = Math.min(count, all - count)
    if (parted <= most || skipped.has(build - 1)) return
    best = build - 1
    most = parted
  })
  return best
}

/** What somebody does who is not told the rate: runs the bad end until it failed so often. @returns Runs per failure. */
export function estimateRuns(lineage: Lineage, world: World, hits: number): number {
  const badEnd = lineage.size - 2
  world.isBuildable(badEnd)
  let runs = 0
  for (let left = hits; left > 0;) {
    const outcome = world.run(badEnd)
    if (outcome !== 'nothing') runs++
    if (outcome === 'hit') left--
  }
  return runs / hits
}

/** How many repeats a rule needs at every bad commit that a search comes to, so that none of them is taken for good. */
export function repeatsNeeded(
  lineage: Lineage,
  world: World,
  { rule, ...plain }: Omit<Plain, 'repeats'>,
): number {
  let needed = 1
  const untilHit: Rule = {
    triesEnds: rule.triesEnds,
    judge: (_, candidate) => {
      if (!world.isBad(candidate)) return 'good'
      let repeats = 1
      while (rule.judge(world, candidate, 1) !== 'bad') repeats++
      needed = Math.max(needed, repeats)
      return 'bad'
    },
  }
  bisectPlainly(lineage, world, { ...plain, rule: untilHit, repeats: Infinity })
  return needed
}
