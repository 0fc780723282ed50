import { oldIndex } from '../hunk-header.js'
import type { FileChange, Hunk, Origin } from '../patch.js'
import { refuse } from '../refusal.js'
import { squeeze } from '../white-space.js'
import type { Match } from './laid-hunk.js'
import { findMatches } from './match-hunk.js'
import { describeMismatch } from './mismatch.js'
import type { SourceFile } from './source-file.js'

/** Why a hunk can stand only where it was put. */
export type PlacedBy = 'the only match' | 'the function named in its header' | 'its neighbours'

export interface PlacedHunk {
  readonly hunk: Hunk
  readonly match: Match
  readonly placedBy: PlacedBy
}

interface Seat {
  readonly hunk: Hunk
  matches: Match[]
  placedBy: PlacedBy
}

/**
 * Finds for each hunk of a file the one place where it belongs.
 *
 * A hunk that fits in several places is decided by the function its header names, by the order of the hunks, or by line
 * numbers that are off by the same amount before and after it; if that does not decide, the patch is refused.
 *
 * @throws FctError FCT_PATCH_NO_MATCH, FCT_PATCH_AMBIGUOUS, with the lines that differ or the places that fit.
 */
export function placeHunks(change: FileChange, file: SourceFile, origin: Origin): PlacedHunk[] {
  const seats = change.hunks.map((hunk): Seat => ({
    hunk,
    matches: findMatches(hunk, file),
    placedBy: 'the only match',
  }))
  const lost = seats.filter(({ matches }) => matches.length === 0)
  if (lost.length > 0) throw noMatch(change, file, lost, origin)
  for (const seat of seats) narrow(seat, bySection(seat, file), 'the function named in its header')
  while (narrowByOrder(seats)) continue
  for (const [index, seat] of seats.entries()) narrow(seat, byOffset(seats, index, file), 'its neighbours')
  while (narrowByOrder(seats)) continue
  return seats.map((seat) => toPlaced(seat, seats, change, origin))
}

/** @returns whether it became fewer. A choice that leaves nothing says nothing. */
function narrow(seat: Seat, matches: Match[], placedBy: PlacedBy): boolean {
  if (matches.length === 0 || matches.length === seat.matches.length) return false
  Object.assign(seat, { matches, placedBy })
  return true
}

function bySection({ hunk, matches }: Seat, file: SourceFile): Match[] {
  const section = squeeze(hunk.section)
  if (section === '' || matches.length < 2) return matches
  return matches.filter(({ start }) => standsIn(section, start, file))
}

/** git names the nearest line above that starts with a letter, for C leaving out labels, cut off at 80 bytes. */
function standsIn(section: string, start: number, file: SourceFile): boolean {
  for (let index = start - 1; index >= 0; index--) {
    const line = file.lines[index] ?? ''
    if (!/^[A-Za-z_$]/.test(line)) continue
    if (file.squeezed[index]?.startsWith(section) === true) return true
    if (!/^\w+:\s*($|\/[/*])/.test(line)) return false
  }
  return false
}

function narrowByOrder(seats: readonly Seat[]): boolean {
  let isNarrower = false
  for (const [index, seat] of seats.entries()) {
    if (seat.matches.length < 2) continue
    const before = placedBefore(seats, index)?.end ?? 0
    const after = placedAfter(seats, index)?.start ?? Infinity
    const fitting = seat.matches.filter(({ start, end }) => start >= before && end <= after)
    isNarrower = narrow(seat, fitting, 'its neighbours') || isNarrower
  }
  return isNarrower
}

/**
 * Line numbers are trusted where the neighbours, on both sides if there are two, are off by the same amount, and the function
 * that the header names, if it does, does not speak against it.
 */
function byOffset(seats: readonly Seat[], index: number, file: SourceFile): Match[] {
  const seat = seats[index]
  if (seat === undefined || seat.matches.length < 2) return []
  const around = [seats.slice(0, index).findLast(isPlaced), seats.slice(index + 1).find(isPlaced)]
  const offsets = new Set(around.filter((one) => one !== undefined).map(offsetOf))
  const [offset] = offsets
  if (offset === undefined || offsets.size > 1) return []
  return bySection(seat, file).filter(({ start }) => start - oldIndex(seat.hunk) === offset)
}

function offsetOf({ hunk, matches: [match] }: Seat): number {
  return (match?.start ?? 0) - oldIndex(hunk)
}

function isPlaced({ matches }: Seat): boolean {
  return matches.length === 1
}

function placedBefore(seats: readonly Seat[], index: number): Match | undefined {
  return seats.slice(0, index).findLast(isPlaced)?.matches[0]
}

function placedAfter(seats: readonly Seat[], index: number): Match | undefined {
  return seats.slice(index + 1).find(isPlaced)?.matches[0]
}

function toPlaced(seat: Seat, seats: readonly Seat[], { path }: FileChange, origin: Origin): PlacedHunk {
  const { hunk, placedBy } = seat
  const [match, ...others] = seat.matches
  const where = `${path}, hunk ${hunk.number}`
  if (match === undefined || others.length > 0) {
    const places = seat.matches.map(({ start, end }) => `lines ${start + 1} to ${end}`)
    throw refuse('FCT_PATCH_AMBIGUOUS', origin, `${where}: fits in ${places.length} places`, places)
  }
  const before = placedBefore(seats, seats.indexOf(seat))
  if (before !== undefined && match.start < before.end) {
    const lines = [
      `hunk ${hunk.number} fits at line ${match.start + 1}`,
      `the one before ends at line ${before.end}`,
    ]
    throw refuse('FCT_PATCH_NO_MATCH', origin, `${where}: fits only before the hunk that it follows`, lines)
  }
  if (match.isBlankAmbiguous) {
    const lines = match.lines.map(({ mark, text }) => `${mark}${text}`)
    const reason = 'a blank line was lost beside added lines, on which side of them it stood is not clear'
    throw refuse('FCT_PATCH_AMBIGUOUS', origin, `${where}: ${reason}`, lines)
  }
  return { hunk, match, placedBy }
}

function noMatch(change: FileChange, file: SourceFile, lost: readonly Seat[], origin: Origin): Error {
  const numbers = lost.map(({ hunk }) => hunk.number)
  const which = numbers.length === 1 ? `hunk ${numbers.join()} does` : `hunks ${numbers.join(', ')} do`
  return refuse(
    'FCT_PATCH_NO_MATCH',
    origin,
    `${change.path}: ${which} not match the tree, though white space was left out of account`,
    lost.flatMap(({ hunk }) => describeMismatch(hunk, file)),
  )
}
