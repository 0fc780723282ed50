import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { packageRoot } from '../folders.js'
import { printable } from './figures.js'
import { markup, raw, type Markup } from './markup.js'
import { style } from './style.js'

/** What a page needs to draw its charts, as it stands in the page or beside it. */
export interface Assets {
  readonly style: string
  /** By name, in their order. */
  readonly scripts: readonly { readonly name: string; readonly text: string }[]
}

const require = createRequire(import.meta.url)

let chartAssets: Assets | undefined

/** The style sheet, uPlot and what calls it; read once. */
export function assetsOfCharts(): Assets {
  return (chartAssets ??= {
    style: `${readFileSync(require.resolve('uplot/dist/uPlot.min.css'), 'utf8')}\n${style}`,
    scripts: [
      { name: 'uplot.js', text: readFileSync(require.resolve('uplot/dist/uPlot.iife.min.js'), 'utf8') },
      { name: 'charts.js', text: browserScript('charts.js') },
    ],
  })
}

/** A script of `report/browser/`. */
export function browserScript(name: string): string {
  return readFileSync(join(packageRoot, 'harness', 'report', 'browser', name), 'utf8')
}

/** A page of one file: everything is in it, and its policy lets it load nothing, and run nothing but its own scripts. */
export function wholePage(title: string, body: Markup, { style: css, scripts }: Assets): string {
  const hashes = scripts.map(({ text }) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`)
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src ${hashes.join(' ')}; base-uri 'none'; form-action 'none'`
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${raw(policy)}">
<title>${title}</title>
<style>${raw(css)}</style>
</head>
<body>
<a class="skip" href="#main">to the content</a>
${body}
${scripts.map(({ text }) => markup`<script>${raw(text)}</script>\n`)}</body>
</html>
`.text
}

/** Data for a script. Browsers do not run it; no text in it can end it. */
export function jsonBlock(id: string, data: unknown): Markup {
  const json = JSON.stringify(data, (_, value: unknown) =>
    typeof value === 'string' ? printable(value) : value,
  )
  const text = json.replace(/[<>&'\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
  return markup`<script type="application/json" id="${id}">${raw(text)}</script>`
}
