import type { LifeReader } from './life-reader.js'
import type { LifeStep, ObjectLife } from './object-life.js'

const rowsBefore = 20
const rowsAfter = 3

/** What shows that a rule was broken. */
export interface Evidence {
  /** Text of several lines: the last events up to the one that broke the rule, and the next few. */
  readonly text: string
  readonly life: ObjectLife
}

/** Writes down what an object went through until it broke a rule. */
export class EvidenceWriter {
  readonly #reader: LifeReader

  constructor(reader: LifeReader) {
    this.#reader = reader
  }

  /** Guest second of an event. */
  secondAt(row: number): number {
    return this.#reader.secondAt(row)
  }

  /** @param row An event of an nfsd_file. @param says What is wrong with it. */
  write(row: number, says: string): Evidence {
    const around = this.#reader.rowsAround(row)
    const at = around.rows.indexOf(row)
    const near = around.rows.slice(Math.max(0, at + 1 - rowsBefore), at + 1 + rowsAfter)
    const life = this.#reader.read(around, [row])
    const [address = ''] = life.object.split('#')
    const head = `${says}\n${life.key} ${address}, inode ${life.inode}`
    const table = near.map((each) => line(this.#reader.step(each, 'unknown', each === row)))
    return { text: [head, columns, ...table].join('\n'), life }
  }
}

function line(step: LifeStep): string {
  const cells = [
    step.isBroken ? '>' : ' ',
    (step.second === null ? '-' : step.second.toFixed(3)).padStart(9),
    String(step.cpu).padStart(3),
    String(step.pid).padStart(7),
    step.operation.padEnd(23),
    String(step.ref).padStart(4),
    ` ${step.flags}`,
  ]
  return cells.join(' ').trimEnd()
}

const columns = '     second cpu     pid event                    ref  flags'
