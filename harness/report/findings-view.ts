import type { ObjectLife } from '../oracle/object-life.js'
import type { ResultDocument, ResultFinding } from '../verdict/result.js'
import type { ReportExtras } from './extras.js'
import { formatOccurrence } from './figures.js'
import { drawLife } from './life-picture.js'
import { codePath, describeLife, lifeHeads, lifeRows, type LifeRow } from './life-rows.js'
import { markup, type Markup } from './markup.js'
import { wide } from './tables.js'

/** Each finding with what proves it. */
export function showFindings({ findings }: ResultDocument, extras: ReportExtras): Markup {
  if (findings.length === 0) return markup`<p>None.</p>`
  return markup`${findings.map((finding, index) => showFinding(finding, index + 1, extras))}`
}

function showFinding(finding: ResultFinding, number: number, { splats, lives }: ReportExtras): Markup {
  const splat = splats.findIndex(({ text }) => text === finding.evidence)
  const link = splat < 0 ? '' : markup` · <a href="#splat-${splat + 1}">in the console</a>`
  const life = lives.get(finding.signature)
  const [says = ''] = finding.evidence.split('\n')
  return markup`<article class="finding" id="finding-${number}">
<h3><span class="number">${number}</span> ${finding.signature}</h3>
<p class="dim">${formatOccurrence(finding)}${link}</p>
${life ? showLife(says, life) : wide(markup`<pre>${finding.evidence}</pre>`)}
</article>
`
}

function showLife(says: string, life: ObjectLife): Markup {
  return markup`<p>${says}</p>
<p class="dim">${describeLife(life)}<br>code path, ${codePath(life)}</p>
${wide(drawLife(life))}
<details><summary>the life as a table</summary>${wide(markup`<table class="life">
<tr>${lifeHeads.map((head) => markup`<th>${head}</th>`)}</tr>
${lifeRows(life).map(showLifeRow)}</table>`)}</details>`
}

function showLifeRow(row: LifeRow): Markup {
  if ('leftOut' in row)
    return markup`<tr><td colspan="${lifeHeads.length}" class="dim">... ${row.leftOut} ...</td></tr>\n`
  const cells = row.cells.map((cell) => markup`<td>${cell}</td>`)
  return row.isBroken ? markup`<tr class="broken">${cells}</tr>\n` : markup`<tr>${cells}</tr>\n`
}
