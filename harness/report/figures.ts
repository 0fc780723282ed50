import type { ResultDocument } from '../verdict/result.js'
import type { ReportExtras } from './extras.js'

/** Heads of the columns that `operationRows` fills, behind the name. */
export const operationHeads = ['done', 'per second', 'useful', 'raced'] as const

/** The table of operations, stressors first: name, then a text per head; what does not apply is empty. */
export function operationRows(result: ResultDocument, { operations }: ReportExtras): string[][] {
  const perSecond = (count: number): string =>
    formatRate(result.guestSeconds > 0 ? count / result.guestSeconds : 0)
  const stressors = Object.entries(result.stressors).map(([name, { called, useful, raced }]) => [
    name,
    formatCount(called),
    perSecond(called),
    formatCount(useful),
    formatCount(raced),
  ])
  const clients = Object.entries(operations).map(([name, done]) => [
    `client ${name}`,
    formatCount(done),
    perSecond(done),
    '',
    '',
  ])
  return [...stressors, ...clients]
}

/** Errors that clients met, "unlink ENOENT 3". */
export function errorCounts({ errors }: Pick<ReportExtras, 'errors'>): string[] {
  return Object.entries(errors).map(([name, count]) => `${name} ${formatCount(count)}`)
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

function formatRate(perSecond: number): string {
  return perSecond.toLocaleString('en-US', { maximumFractionDigits: perSecond < 10 ? 1 : 0 })
}

/** A share with two digits: "1.4 %", "0.077 %", "100 %". */
export function formatPercent(share: number): string {
  return `${(100 * share).toLocaleString('en-US', { maximumSignificantDigits: 2 })} %`
}

/** "2 h 5 min", "3 min 20 s", "12 s" */
export function formatSeconds(seconds: number): string {
  const whole = Math.round(seconds)
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)]
  if (hours > 0) return `${String(hours)} h ${String(minutes)} min`
  return minutes > 0 ? `${String(minutes)} min ${String(whole % 60)} s` : `${String(whole)} s`
}

/** "3 times, first at 12.3 s"; without the time where none is known. */
export function formatOccurrence({ count, firstGuestSecond, liveSecond }: Occurrence): string {
  const times = count === 1 ? 'once' : `${formatCount(count)} times`
  if (firstGuestSecond === null) return times
  const told = liveSecond === undefined ? '' : `, told after ${liveSecond.toFixed(1)} s of load`
  return `${times}${count === 1 ? '' : ', first'} at ${firstGuestSecond.toFixed(1)} s${told}`
}

interface Occurrence {
  readonly count: number
  readonly firstGuestSecond: number | null
  readonly liveSecond?: number
}

/**
 * Text from a guest may hold anything: control and direction characters would act on the reader's terminal or
 * browser.
 */
export function printable(text: string): string {
  return text.replace(/\r\n/g, '\n').replace(/(?![\n\t])[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, '\ufffd')
}
