import { formatSeconds, formatCount, printable } from '../report/figures.js'
import { formatTable } from '../report/text-table.js'
import { secondsLeft, type Watched, type WatchedGuest } from './watch.js'

/** Findings that a screen holds, the newest. */
const mostFindings = 10

/**
 * One screen on a campaign: how far it is, what each guest does, what was found.
 *
 * @param now Milliseconds since the epoch
 * @param width Of the screen, columns; longer lines are cut
 */
export function watchText(
  state: Watched,
  name: string,
  { now, width }: { now: number; width: number },
): string {
  const lines = [headOf(state, name, now), ...guestLines(state.guests), ...findingLines(state)]
  return lines.map((line) => cut(printable(line), width)).join('\n')
}

function headOf(state: Watched, name: string, now: number): string {
  const { planned, done, failed, without, outcome } = state
  const left = secondsLeft(state, now)
  const rest =
    outcome === null ? (left === null ? '' : `, about ${formatSeconds(left)} left`) : `: ${outcome}`
  return `${name}: ${formatCount(done)} of ${formatCount(Math.max(planned, done))} runs done, ${formatCount(failed)} failed, ${formatCount(without)} without a verdict${rest}`
}

function guestLines(guests: readonly WatchedGuest[]): string[] {
  if (guests.length === 0) return []
  const heads = ['guest', 'seed', 'at', 'load', 'clients', 'useful per second', 'trace']
  return ['', ...formatTable([heads, ...guests.map(guestRow)]).split('\n')]
}

function guestRow({ cell, seed, attempt, phase, rates, loadSeconds }: WatchedGuest): string[] {
  const again = attempt === 1 ? '' : `, attempt ${String(attempt)}`
  const where = [cell, `${String(seed)}${again}`, phase]
  if (rates === null) return [...where, `0/${String(loadSeconds)} s`]
  const { seconds, clients, stressors, traceBytes } = rates
  const whole = (perSecond: number): string => formatCount(Math.round(perSecond))
  const each = Object.entries(stressors).map(([name, perSecond]) => `${name} ${whole(perSecond)}`)
  return [
    ...where,
    `${seconds.toFixed(0)}/${String(loadSeconds)} s`,
    `${whole(clients)}/s`,
    each.join(', '),
    `${(traceBytes / 1e6).toFixed(1)} MB`,
  ]
}

function findingLines({ findings }: Watched): string[] {
  if (findings.length === 0) return []
  const shown = findings.slice(-mostFindings).reverse()
  const rows = shown.map(({ signature, times, cell, seed }) => [
    signature,
    `${formatCount(times)} x`,
    `last in ${cell}, seed ${String(seed)}`,
  ])
  return ['', ...formatTable([['found', '', ''], ...rows]).split('\n')]
}

function cut(line: string, width: number): string {
  return line.length <= width ? line : `${line.slice(0, Math.max(width - 1, 0))}…`
}
