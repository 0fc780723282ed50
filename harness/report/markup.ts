import { printable } from './figures.js'

/** HTML that is safe to put into HTML. Only `markup` and `raw` make it. */
export class Markup {
  constructor(readonly text: string) {}
}

type Content = Markup | string | number | readonly Content[]

/** A template in which everything that is put in is escaped, unless it is markup itself. */
export function markup(strings: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return new Markup(strings.reduce((text, part, index) => text + render(values[index - 1] ?? '') + part))
}

/** Text of our own that is markup already: the style sheet. */
export function raw(text: string): Markup {
  return new Markup(text)
}

function render(content: Content): string {
  if (content instanceof Markup) return content.text
  if (typeof content === 'number') return String(content)
  return typeof content === 'string' ? escape(printable(content)) : content.map(render).join('')
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '')
}
