import { FctError } from '../fct-error.js'

/** The index of the good end, which is no candidate: all that is an ancestor of it is taken to be good. */
export const goodEnd = -1

/** A commit that may have brought the failure. */
export interface Candidate {
  readonly id: string
  /** Indices of candidates, all smaller; parents outside of the range are left out. */
  readonly parents: readonly number[]
  /** How likely it was the culprit beforehand; relative, > 0. */
  readonly weight: number
  /** Candidates of one key build the same thing and share their runs. */
  readonly evidence: string
}

/** The commits of `good..bad`, parents first; the last is the bad end. */
export interface History {
  readonly candidates: readonly Candidate[]
  /** Keys of the good end and of other parents outside of the range: what is built of them is good. */
  readonly goodEvidence?: readonly string[]
}

/**
 * @throws {FctError} FCT_BISECT_EMPTY_RANGE; FCT_BISECT_UNSORTED if a parent is not before its child; FCT_BISECT_WEIGHT;
 *   FCT_BISECT_SAME_ENDS if the bad end builds what a good commit builds.
 */
export function validateHistory({ candidates, goodEvidence = [] }: History): void {
  const last = candidates.at(-1)
  if (!last)
    throw new FctError('FCT_BISECT_EMPTY_RANGE', 'There is no commit between the good end and the bad end.')
  candidates.forEach(({ id, parents, weight }, index) => {
    if (!parents.every((parent) => Number.isInteger(parent) && parent >= 0 && parent < index))
      throw new FctError('FCT_BISECT_UNSORTED', `A parent of ${id} is not in front of it.`)
    if (!(weight > 0 && Number.isFinite(weight)))
      throw new FctError('FCT_BISECT_WEIGHT', `The prior weight of ${id} is ${weight}, not a number above 0.`)
  })
  if (goodEvidence.includes(last.evidence))
    throw new FctError('FCT_BISECT_SAME_ENDS', `The bad end ${last.id} builds what a good commit builds.`)
}
