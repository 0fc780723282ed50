import type { TraceBuilder } from '../../trace-builder.js'
import type { Random } from './random.js'

/** Takes the events of one CPU out of some stretches of a recording, and marks the gaps as a ring buffer does. */
export function lose(builder: TraceBuilder, random: Random): void {
  for (let count = 1 + random.below(3); count > 0; count--) {
    const { rows } = builder
    const cpu = random.below(2)
    const from = random.below(rows.length)
    const stretch = rows.slice(from, from + 1 + random.below(60))
    const kept = stretch.filter((row) => 'phase' in row || ('cpu' in row ? row.cpu : 0) !== cpu)
    rows.splice(from, stretch.length, ...kept)
    const shift = BigInt(stretch.length - kept.length) * 2n
    const end = BigInt(from + kept.length) * 2n
    for (const gap of builder.gaps) {
      gap.after = moved(gap.after, end, shift)
      gap.before = moved(gap.before, end, shift)
    }
    builder.gaps.push({ cpu, after: BigInt(from) * 2n, before: end + 1n, missed: null })
  }
}

/** Where a stamp is now that stands behind what was taken out. */
function moved(stamp: bigint, end: bigint, shift: bigint): bigint {
  return stamp <= end ? stamp : stamp - shift > end ? stamp - shift : end
}
