import { markup, type Markup } from './markup.js'

type Cell = string | Markup

/** The first column is text, the others are numbers. */
export function table(heads: readonly string[], rows: readonly (readonly Cell[])[]): Markup {
  const kind = (column: number): string => (column === 0 ? 'text' : 'number')
  const head = heads.map((name, column) => markup`<th scope="col" class="${kind(column)}">${name}</th>`)
  const cells = (row: readonly Cell[]): Markup[] =>
    row.map((cell, column) => markup`<td class="${kind(column)}">${cell}</td>`)
  return wide(markup`<table><thead><tr>${head}</tr></thead>
<tbody>${rows.map((row) => markup`<tr>${cells(row)}</tr>\n`)}</tbody></table>`)
}

export function pairTable(pairs: readonly (readonly [string, Cell])[]): Markup {
  const rows = pairs.map(([name, value]) => markup`<tr><th scope="row">${name}</th><td>${value}</td></tr>\n`)
  return markup`<table class="pairs">${rows}</table>`
}

/** What may be wider than the page: it scrolls by itself, with the keyboard, too. */
export function wide(content: Markup): Markup {
  return markup`<div class="wide" tabindex="0">${content}</div>`
}
