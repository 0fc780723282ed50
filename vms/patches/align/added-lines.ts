import type { DiffLine } from '../patch.js'
import { collapse, isBlank } from '../white-space.js'
import { KernelIndentation } from './kernel-indentation.js'
import type { Match } from './laid-hunk.js'
import type { SourceFile } from './source-file.js'
import type { WhiteSpaceLoss } from './white-space-loss.js'

export interface RepairedLines {
  readonly lines: readonly DiffLine[]
  /** Added lines that were indented anew. */
  readonly indented: number
  /** Added lines that keep what the mail has, though it is known that their indentation was lost. */
  readonly leftUnindented: number
}

/** A line of the new file, in or around the hunk. */
interface NewLine {
  readonly text: string
  /** Index in the hunk, if it is an added line of it. */
  readonly addedAt?: number
}

/**
 * Gives added lines their indentation back where that is certain to be lost and can be borne out.
 *
 * Lost it is when the lines known from the file say that the archive collapsed all white space. How it was is foretold by
 * the kernel's coding style from the file's lines above; a run of added lines takes that only if, going on behind it, the
 * next line known from the file is foretold as the file has it. Otherwise the run stays as it is in the mail: C does not mind.
 */
export function repairIndentation(match: Match, file: SourceFile, loss: WhiteSpaceLoss): RepairedLines {
  if (loss !== 'collapsed') return { lines: match.lines, indented: 0, leftUnindented: 0 }
  const repaired = foretellRuns(newLinesAround(match, file))
  const lost = match.lines.filter(({ mark, text }) => mark === '+' && !isBlank(text)).length
  const lines = match.lines.map((line, index) => {
    if (line.mark === '+' && isBlank(line.text)) return { ...line, text: '' }
    const text = repaired.get(index)
    return text === undefined ? line : { ...line, text }
  })
  return { lines, indented: repaired.size, leftUnindented: lost - repaired.size }
}

/** How far up such a place is looked for; no function of nfsd is as long. */
const linesAbove = 1000

/** The new file from a place above the hunk where C code is at its outermost level, to the first line below it. */
function newLinesAround(match: Match, file: SourceFile): NewLine[] {
  const known = (text: string): NewLine => ({ text })
  const top = Math.max(0, match.start - linesAbove)
  const anchor = file.lines.slice(top, match.start).findLastIndex((line) => /^[{}]/.test(line))
  const below = file.lines.slice(match.end).find((line) => !isBlank(line))
  const inside = match.lines.flatMap(({ mark, text }, index): NewLine[] => {
    if (mark === '-') return []
    return [mark === '+' ? { text, addedAt: index } : known(text)]
  })
  const above = file.lines.slice(top + Math.max(0, anchor), match.start).map(known)
  return [...above, ...inside, ...(below === undefined ? [] : [known(below)])]
}

/** @returns the lines that the foretelling bears out, by their index in the hunk. */
function foretellRuns(lines: readonly NewLine[]): Map<number, string> {
  const style = new KernelIndentation()
  const repaired = new Map<number, string>()
  let run: { at: number; text: string | undefined }[] = []
  for (const { text, addedAt } of lines.filter((line) => !isBlank(line.text))) {
    const bare = addedAt === undefined ? text.trimStart() : collapse(text)
    const indentation = style.foretell(bare)
    if (addedAt !== undefined) {
      run.push({ at: addedAt, text: indentation === undefined ? undefined : indentation + bare })
      style.follow(indentation ?? '', bare)
      continue
    }
    const actual = text.slice(0, text.length - bare.length)
    const isBorneOut = indentation === actual && run.every((one) => one.text !== undefined)
    for (const one of run) if (isBorneOut && one.text !== undefined) repaired.set(one.at, one.text)
    run = []
    style.follow(actual, bare)
  }
  return repaired
}
