import { readConsoleLines, type ConsoleLine } from './console-lines.js'

const marks = {
  begin: "--- not shown by the console, but in the guest's memory:",
  end: '--- shown by the console:',
}

/**
 * A console with what the kernel has recorded and the console does not show, where it belongs and marked: the kernel may be told
 * not to show all, and it may die or hang with a message under way.
 *
 * @param messages The kernel's own record, as dmesg shows it.
 */
export function insertUnheard(console: string, messages: string): string {
  const recorded = readConsoleLines(messages).filter(({ raw }) => raw !== '')
  const shown = readConsoleLines(console)
  const heard = new Set(shown.flatMap(nameOf))
  const merged: string[] = []
  let next = 0
  const insertUntil = (end: number): void => {
    const unheard = recorded.slice(next, end).filter((line) => nameOf(line).some((name) => !heard.has(name)))
    if (unheard.length > 0) merged.push(marks.begin, ...unheard.map(({ raw }) => raw), marks.end)
    next = Math.max(next, end)
  }
  const places = new Map(recorded.flatMap((line, index) => nameOf(line).map((name) => [name, index])))
  for (const line of shown) {
    const [place] = nameOf(line).flatMap((name) => places.get(name) ?? [])
    if (place !== undefined) insertUntil(place)
    // It may be cut, or empty behind the last line's end.
    if (line === shown.at(-1)) insertUntil(recorded.length)
    merged.push(line.raw)
  }
  return merged.join('\n')
}

/** None of a line that is no kernel's, or not whole. */
function nameOf({ stamp, message, isCut }: ConsoleLine): string[] {
  return stamp === null || isCut ? [] : [`${String(stamp)} ${message.trimEnd()}`]
}
