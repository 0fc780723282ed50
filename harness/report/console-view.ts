import type { Splat } from '../oracle/console/splat.js'
import { markup, type Markup } from './markup.js'

/**
 * Longest console shown whole; of a longer one the end, where the guest was when it ended, and the splats
 * elsewhere.
 */
const mostLines = 5000

/**
 * The console with its splats marked, each with an anchor `splat-1`, `splat-2`, ... Each line is shown once: where CPUs speak
 * at once, a splat has lines of another one between its own, and its mark begins behind the other's.
 */
export function viewConsole(console: string, splats: readonly Splat[]): Markup {
  const lines = console.split('\n')
  const begin = Math.max(0, lines.length - mostLines)
  const parts: Markup[] = []
  let next = 0
  let isLeftOut = begin === 0
  for (const [index, { firstLine, lastLine }] of splats.entries()) {
    if (!isLeftOut && firstLine >= begin) {
      parts.push(leftOut(begin))
      next = Math.max(next, begin)
      isLeftOut = true
    }
    if (isLeftOut) parts.push(markup`${textOf(lines, next, firstLine)}`)
    const from = Math.max(next, firstLine)
    parts.push(markup`<mark id="splat-${index + 1}">${textOf(lines, from, lastLine + 1)}</mark>`)
    next = Math.max(from, lastLine + 1)
  }
  if (!isLeftOut) {
    parts.push(leftOut(begin))
    next = Math.max(next, begin)
  }
  parts.push(markup`${textOf(lines, next, lines.length)}`)
  return markup`<pre class="console" tabindex="0" aria-label="console">${parts}</pre>`
}

function leftOut(count: number): Markup {
  return markup`... ${count} lines before this are in console.log; only their splats are shown ...\n`
}

function textOf(lines: readonly string[], from: number, to: number): string {
  const text = lines.slice(from, to).join('\n')
  return to > from && to < lines.length ? `${text}\n` : text
}
