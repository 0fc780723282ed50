import type { ResultDocument } from '../verdict/result.js'
import type { ReportExtras } from './extras.js'

/** A row of the table of operations; what does not apply is undefined. */
export interface OperationRow {
  readonly name: string
  readonly done: number
  readonly perSecond: number
  readonly useful?: number
  readonly raced?: number
}

export function operationRows(result: ResultDocument, { operations }: ReportExtras): OperationRow[] {
  const perSecond = (count: number): number => (result.guestSeconds > 0 ? count / result.guestSeconds : 0)
  const stressors = Object.entries(result.stressors).map(([name, { called, useful, raced }]) => ({
    name,
    done: called,
    perSecond: perSecond(called),
    useful,
    raced,
  }))
  const clients = Object.entries(operations).map(([name, done]) => ({
    name: `client ${name}`,
    done,
    perSecond: perSecond(done),
  }))
  return [...stressors, ...clients]
}

/** Pairs and how often their window was open: the scenario's first, then what else was open. */
export function exposureRows(result: ResultDocument, { pairs }: ReportExtras): [string, number][] {
  const others = Object.entries(result.exposure).filter(
    ([pair, windows]) => windows > 0 && !pairs.includes(pair),
  )
  return [...pairs.map((pair): [string, number] => [pair, result.exposure[pair] ?? 0]), ...others]
}

export function formatCount(count: number | null): string {
  return count === null ? 'unknown' : count.toLocaleString('en-US')
}

export function formatRate(perSecond: number): string {
  return perSecond.toLocaleString('en-US', { maximumFractionDigits: perSecond < 10 ? 1 : 0 })
}

/** "3 times, first at 12.3 s" */
export function formatOccurrence({ count, firstGuestSecond }: ResultDocument['findings'][number]): string {
  const times = count === 1 ? 'once' : `${formatCount(count)} times, first`
  return `${times} at ${firstGuestSecond.toFixed(1)} s`
}

/**
 * Text from a guest may hold anything: control and direction characters would act on the reader's terminal or
 * browser.
 */
export function printable(text: string): string {
  return text.replace(/\r\n/g, '\n').replace(/(?![\n\t])[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, '\ufffd')
}
