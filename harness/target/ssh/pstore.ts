import type { Link } from './link.js'
import { farSide } from './probe.js'

/** The kernel's last messages, which its memory or firmware kept while it booted; '' if nothing did. */
export async function collectPstore(link: Link, folder: string): Promise<string> {
  return joinRecords(
    await link.run((connection) => connection.run(`exec sh -s ${folder}`, farSide('pstore'))),
  )
}

interface Part {
  readonly reason: string
  readonly count: number
  readonly part: number
  readonly lines: readonly string[]
}

/**
 * Records as dmesg would show them. Each begins with "Panic#2 Part1" (fs/pstore/platform.c, pstore_dump): the reason, a count of
 * such events, and which part of the messages it holds, the last of them in part 1.
 */
export function joinRecords(text: string): string {
  const parts = text.split(/^== .*\n/m).flatMap((record): Part[] => {
    const head = /^(\w[\w ]*)#(\d+) Part(\d+)$/m.exec(record)
    if (head === null) return []
    const [whole, reason = '', count, part] = head
    const lines = record.slice(head.index + whole.length + 1).split('\n')
    return [{ reason, count: Number(count), part: Number(part), lines }]
  })
  const inOrder = parts.sort((one, other) => one.count - other.count || other.part - one.part)
  const lines = inOrder.flatMap((part) => part.lines.map((line) => line.replace(/^<\d+>/, '')))
  // An event's messages hold those of the one before.
  return [...new Set(lines.filter((line) => line !== ''))].map((line) => `${line}\n`).join('')
}
