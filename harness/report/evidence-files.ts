import type { ObjectLife } from '../oracle/object-life.js'
import type { ResultDocument, ResultFinding } from '../verdict/result.js'
import type { ReportExtras } from './extras.js'
import { describeAutopsy } from './describe-autopsy.js'
import { formatOccurrence, printable } from './figures.js'
import { drawLife } from './life-picture.js'
import { formatTable } from './text-table.js'
import { codePath, describeLife, lifeHeads, lifeRows } from './life-rows.js'

/** A file of the run folder. */
export interface EvidenceFile {
  readonly name: string
  readonly text: string
}

/** `finding-1.txt`, and `finding-1.svg` where an object is to blame: what to send with a report of the defect. */
export function evidenceFiles(result: ResultDocument, { lives, repeat }: ReportExtras): EvidenceFile[] {
  return result.findings.flatMap((finding, index) => {
    const name = `finding-${String(index + 1)}`
    const life = lives.get(finding.signature)
    const head = [
      finding.signature,
      formatOccurrence(finding),
      `on ${result.kernel.name} (${result.kernel.release}), ${result.scenario}, seed ${String(result.seed)}`,
      `to repeat: ${repeat}`,
      ...(result.autopsy ? [`autopsy of the guest: ${describeAutopsy(result.run, result.autopsy)}`] : []),
      '',
    ]
    const text = printable([...head, ...(life ? told(finding, life) : [finding.evidence]), ''].join('\n'))
    const picture = life ? [{ name: `${name}.svg`, text: drawLife(life).text + '\n' }] : []
    return [{ name: `${name}.txt`, text }, ...picture]
  })
}

function told({ evidence }: ResultFinding, life: ObjectLife): string[] {
  const [says = ''] = evidence.split('\n')
  return [says, describeLife(life), `code path, ${codePath(life)}`, '', ...lifeLines(life)]
}

/** The table of a life as text. */
export function lifeLines(life: ObjectLife): string[] {
  const rows = lifeRows(life).map((row) => {
    return 'cells' in row ? row.cells : [...besideOperation, `... ${row.leftOut} ...`]
  })
  return formatTable([lifeHeads, ...rows]).split('\n')
}

/** Empty cells of the columns before the operation's. */
const besideOperation = lifeHeads.slice(0, lifeHeads.indexOf('operation')).map(() => '')
