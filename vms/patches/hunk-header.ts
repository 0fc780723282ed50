import type { Hunk } from './patch.js'

/** `@@ -old,count +new,count @@ function`; a count of 1 is left out. */
export const hunkHeader = /^@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@ ?(.*)$/

export type HunkRanges = Pick<Hunk, 'oldStart' | 'oldLines' | 'newStart' | 'newLines' | 'section'>

export function parseHunkHeader(line: string): HunkRanges | undefined {
  const match = hunkHeader.exec(line)
  if (match === null) return undefined
  const [, oldStart, oldLines = '1', newStart, newLines = '1', section = ''] = match
  return {
    oldStart: Number(oldStart),
    oldLines: Number(oldLines),
    newStart: Number(newStart),
    newLines: Number(newLines),
    section,
  }
}

export function formatHunkHeader(hunk: HunkRanges): string {
  const { oldStart, oldLines, newStart, newLines, section } = hunk
  return `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@${section === '' ? '' : ` ${section}`}`
}

/** Index of the first line of the old file that the hunk speaks of, from 0. A side without lines names the line before it. */
export function oldIndex({ oldStart, oldLines }: HunkRanges): number {
  return oldLines === 0 ? oldStart : oldStart - 1
}

export function newIndex({ newStart, newLines }: HunkRanges): number {
  return newLines === 0 ? newStart : newStart - 1
}
