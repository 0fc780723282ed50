import { UsageError } from '../fct-error.js'
import type { BisectLog } from './bisect-log.js'
import type { StartEntry } from './log-entry.js'
import { nameOf } from './range.js'

/**
 * Begins a log, or goes on with what it is about if that is what is wanted.
 *
 * @param wanted Of the command line, with revisions as they are now.
 * @returns What the log begins with.
 * @throws UsageError FCT_BISECT_MOVED, FCT_BISECT_OTHER
 */
export async function beginOrResume(log: BisectLog, wanted: StartEntry, state: string): Promise<StartEntry> {
  const [begun] = log.entries
  if (begun === undefined) {
    await log.append(wanted)
    return wanted
  }
  if (begun.kind !== 'start') throw other(state, 'it does not begin with what it is about')
  for (const field of ['signature', 'amplification', 'rate'] as const) {
    const [then, now] = [begun[field], wanted[field]].map((value) => JSON.stringify(value))
    if (then !== now)
      throw other(state, `${field} was ${then ?? 'not given'}, and is ${now ?? 'not given'} now`)
  }
  requireSameRange(begun, wanted, state)
  return begun
}

function requireSameRange(begun: StartEntry, wanted: StartEntry, state: string): void {
  const [then, now] = [begun, wanted].map(({ range }) => range)
  const idsOf = ({ range }: StartEntry): string =>
    [range.good, ...range.candidates].map(({ id }) => id).join(' ')
  if (then === undefined || now === undefined || idsOf(begun) === idsOf(wanted)) return
  const endsOf = ({ good, candidates }: StartEntry['range']): string => {
    const bad = candidates.at(-1) ?? good
    return `${nameOf(good)} to ${nameOf(bad)}`
  }
  throw new UsageError(
    'FCT_BISECT_MOVED',
    `what is bisected has moved on: it was ${endsOf(then)}, and is ${endsOf(now)} now`,
    `To go on with what it was: --state ${state} --good ${then.good.id} --bad ${then.candidates.at(-1)?.id ?? ''}\n` +
      'To begin anew: another folder with --state.',
  )
}

function other(state: string, reason: string): UsageError {
  return new UsageError(
    'FCT_BISECT_OTHER',
    `${state} is of another search: ${reason}`,
    'To begin anew: another folder with --state.',
  )
}
