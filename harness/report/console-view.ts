import type { Splat } from '../oracle/console/splat.js'
import { markup, type Markup } from './markup.js'

/**
 * Longest console shown whole; of a longer one the end, where the guest was when it ended, and the splats
 * elsewhere.
 */
const mostLines = 5000

/** The console with its splats marked, each with an anchor `splat-1`, `splat-2`, ... */
export function viewConsole(console: string, splats: readonly Splat[]): Markup {
  const lines = console.split('\n')
  const first = Math.max(0, lines.length - mostLines)
  const shown = splats.map((splat, index) => ({ splat, id: `splat-${String(index + 1)}` }))
  const early = shown.filter(({ splat }) => splat.firstLine < first)
  const parts = early.map(({ splat, id }) => markSplat(lines, splat, id))
  if (first > 0)
    parts.push(markup`... ${first} lines before this are in console.log; only their splats are shown ...\n`)
  let next = Math.max(first, (early.at(-1)?.splat.lastLine ?? -1) + 1)
  for (const { splat, id } of shown.slice(early.length)) {
    parts.push(markup`${textOf(lines, next, splat.firstLine)}`, markSplat(lines, splat, id))
    next = splat.lastLine + 1
  }
  parts.push(markup`${textOf(lines, next, lines.length)}`)
  return markup`<pre class="console">${parts}</pre>`
}

function markSplat(lines: readonly string[], { firstLine, lastLine }: Splat, id: string): Markup {
  return markup`<mark id="${id}">${textOf(lines, firstLine, lastLine + 1)}</mark>`
}

function textOf(lines: readonly string[], from: number, to: number): string {
  const text = lines.slice(from, to).join('\n')
  return to > from && to < lines.length ? `${text}\n` : text
}
