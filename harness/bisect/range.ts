import { goodEnd, type Candidate, type History } from './history.js'

/** What can be built and run. */
export interface Buildable {
  /** A commit's id; of a series `<number of patches>:<hash>`. */
  readonly id: string
  /** A commit's subject, a patch's name. */
  readonly subject: string
  readonly evidence: string
  /** What has one base needs one kernel, and an nfsd.ko of its own only. */
  readonly base: string
}

/** What is between a good end and a bad end, the bad end included; parents first. */
export interface Range extends History {
  readonly candidates: readonly (Candidate & Buildable)[]
  readonly goodEvidence: readonly string[]
  readonly good: Buildable
}

/** @param index Of a candidate, or `goodEnd`. */
export function buildableAt({ candidates, good }: Range, index: number): Buildable {
  const buildable = index === goodEnd ? good : candidates[index]
  if (buildable === undefined) throw new RangeError(`there is no candidate ${index}`)
  return buildable
}

/** `1a2b3c4d5e6f ("nfsd: subject")`, as commits are named in mails. */
export function nameOf({ id, subject }: Pick<Buildable, 'id' | 'subject'>): string {
  return `${shortId(id)} ("${subject}")`
}

export function shortId(id: string): string {
  return id.slice(0, 12)
}
