import { goodEnd, validateHistory, type History } from './history.js'

/** The build that all good evidence shares. As a hypothesis: the good end is bad itself, and so is all else. */
export const goodBuild = 0

/**
 * A history as the graph of what is built of it. Candidates of one key are one build; its parents are those of the first of
 * them in order, which alone may be the culprit: where it comes again, it was built before. So builds and hypotheses have the
 * same numbers: hypothesis `h` is that build `h` is the first bad one. A build is bad if the first bad one is among its
 * ancestors or itself; that of a key that came before is what it was, so that a revert mends and a reapplied patch breaks.
 */
export class Lineage {
  /** Builds, that of the good end included. */
  readonly size: number
  /** Of the hypotheses; they add up to 1. 0 where the bad end would be good. */
  readonly prior: Float64Array
  /**
   * The ancestors of a build are those of its basis, which is smaller, and of `added` the entries from `addedFrom[build]` up to
   * `addedFrom[build + 1]`, itself included.
   */
  readonly basis: Int32Array
  readonly added: Int32Array
  readonly addedFrom: Int32Array
  /** By build, the first candidate; of `goodBuild`, `goodEnd`. */
  readonly first: Int32Array
  readonly #builds: Int32Array
  readonly #badEnd: number

  /** @throws {FctError} of `validateHistory` */
  constructor(history: History, goodEndPrior: number) {
    validateHistory(history)
    const { candidates, goodEvidence = [] } = history
    const known = new Map(goodEvidence.map((key) => [key, goodBuild]))
    const first: number[] = [goodEnd]
    this.#builds = Int32Array.from(candidates, ({ evidence }, index) => {
      const build = known.get(evidence) ?? first.length
      if (build === first.length) known.set(evidence, first.push(index) - 1)
      return build
    })
    this.size = first.length
    this.first = Int32Array.from(first)
    this.basis = new Int32Array(this.size)
    const added = this.#addAncestors(first.map((index) => candidates[index]?.parents ?? []))
    this.added = Int32Array.from(added.flat())
    this.addedFrom = new Int32Array(this.size + 1)
    added.forEach((list, build) => (this.addedFrom[build + 1] = (this.addedFrom[build] ?? 0) + list.length))
    this.#badEnd = this.buildOf(candidates.length - 1)
    this.prior = new Float64Array(this.size)
    this.forEachCulprit(this.#badEnd, (build) => {
      this.prior[build] = candidates[this.first[build] ?? goodEnd]?.weight ?? 0
    })
    const sum = this.prior.reduce((left, right) => left + right, 0)
    this.prior.forEach((weight, build) => (this.prior[build] = ((1 - goodEndPrior) * weight) / sum))
    this.prior[goodBuild] = goodEndPrior
  }

  get badEnd(): number {
    return this.#badEnd
  }

  buildOf(candidate: number): number {
    return this.#builds[candidate] ?? goodBuild
  }

  /** Calls with each hypothesis under which the build is bad. */
  forEachCulprit(build: number, visit: (hypothesis: number) => void): void {
    for (let at = build; ; at = this.basis[at] ?? goodBuild) {
      const end = this.addedFrom[at + 1] ?? 0
      for (let index = this.addedFrom[at] ?? 0; index < end; index++) visit(this.added[index] ?? 0)
      if (at === goodBuild) return
    }
  }

  /** Each build takes the ancestors of its largest parent as they are and lists only what the others bring. */
  #addAncestors(parentsOf: readonly (readonly number[])[]): number[][] {
    const counts = new Int32Array(this.size)
    const marks = new Int32Array(this.size).fill(-1)
    const added: number[][] = []
    const walk = (from: number, build: number): number[] => {
      const list: number[] = []
      for (let at = from; marks[at] !== build; at = this.basis[at] ?? goodBuild) {
        for (const ancestor of added[at] ?? []) {
          if (marks[ancestor] === build) continue
          marks[ancestor] = build
          list.push(ancestor)
        }
        if (at === goodBuild) break
      }
      return list
    }
    parentsOf.forEach((candidates, build) => {
      const parents = [...new Set(candidates.map((candidate) => this.buildOf(candidate)))]
      const basis = parents.reduce((a, b) => ((counts[b] ?? 0) > (counts[a] ?? 0) ? b : a), goodBuild)
      const others = parents.filter((parent) => parent !== basis)
      if (others.length > 0 && build !== goodBuild) walk(basis, build)
      const list = [build, ...others.flatMap((parent) => walk(parent, build))]
      this.basis[build] = basis
      counts[build] = (build === goodBuild ? 0 : (counts[basis] ?? 0)) + list.length
      added.push(list)
    })
    return added
  }
}
