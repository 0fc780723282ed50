import { formatHunkHeader, oldIndex } from '../hunk-header.js'
import type { DiffLine, Hunk } from '../patch.js'
import { isBlank, squeeze } from '../white-space.js'
import type { SourceFile } from './source-file.js'

const linesShown = 6
/** How far from its place a line may have moved and still count as being there. */
const reach = 20

/** The lines that keep a hunk from matching: those the file does not have where most of the hunk would stand. */
export function describeMismatch(hunk: Hunk, file: SourceFile): string[] {
  const old = hunk.lines.filter((line) => line.mark !== '+')
  const start = nearestPlace(hunk, old, file)
  const around = new Set(file.squeezed.slice(Math.max(0, start - reach), start + old.length + reach))
  const missing = old.filter((line) => !isBlank(line.text) && !around.has(squeeze(line.text)))
  const shown = missing.slice(0, linesShown).map(({ mark, text }) => `  ${mark}${text}`)
  const more = missing.length > linesShown ? [`  ... and ${missing.length - linesShown} more`] : []
  const lines = missing.length > 0 ? [...shown, ...more] : firstDifference(old, start, file)
  const what = missing.length > 0 ? 'not in the file near' : 'in another order or with others between, near'
  return [`hunk ${hunk.number} ${formatHunkHeader(hunk)}: ${what} line ${start + 1}:`, ...lines]
}

/** Each line of the hunk that stands in the file speaks for one place; the place that most speak for. */
function nearestPlace(hunk: Hunk, old: readonly DiffLine[], file: SourceFile): number {
  const votes = new Map<number, number>()
  for (const [index, line] of old.entries()) {
    const squeezed = squeeze(line.text)
    if (squeezed.length < 4) continue
    for (const at of file.findSqueezed(squeezed)) {
      votes.set(at - index, (votes.get(at - index) ?? 0) + 1)
    }
  }
  const wanted = Math.min(oldIndex(hunk), Math.max(0, file.lines.length - old.length))
  const better = (one: number, other: number): number =>
    (votes.get(other) ?? 0) - (votes.get(one) ?? 0) || Math.abs(one - wanted) - Math.abs(other - wanted)
  return Math.max(0, [...votes.keys()].sort(better)[0] ?? wanted)
}

function firstDifference(old: readonly DiffLine[], start: number, file: SourceFile): string[] {
  const index = old.findIndex((line, offset) => file.squeezed[start + offset] !== squeeze(line.text))
  const line = old[Math.max(0, index)]
  const inFile = file.lines[start + Math.max(0, index)] ?? '(end of the file)'
  return [`  mail: ${line?.text ?? ''}`, `  file: ${inFile}`]
}
