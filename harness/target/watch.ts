import { setImmediate as nextTurn } from 'node:timers/promises'
import { FctError } from '../fct-error.js'
import { aborted, within } from './deadline.js'
import { TargetHung, TargetTimeout, type Target } from './target.js'

/** How long a target may take to prepare itself, ms. */
export const prepareLimitMs = 180_000
/** How long a target may take to be gone that should be, ms. */
export const leaveLimitMs = 30_000

/** What may end before an answer comes. */
export interface Watch {
  readonly target: Target
  readonly signal: AbortSignal
}

/** The promise, unless the machine dies or hangs or the user stops the run before. */
export async function guarded<T>({ target, signal }: Watch, promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined)
  // An answer that came before goes first.
  const died = target.ended
    .then(() => nextTurn())
    .then(() => {
      throw target.fault()
    })
  died.catch(() => undefined)
  const stuck = target.hung.then((line) => {
    throw new TargetHung('FCT_GUEST_HUNG', `the guest hangs: ${line}`)
  })
  stuck.catch(() => undefined)
  const over = new AbortController()
  const stopped = aborted(signal, over.signal)
  stopped.catch(() => undefined)
  try {
    return await Promise.race([stopped, promise, died, stuck])
  } finally {
    over.abort()
  }
}

export function patienceWith({ patience = 1 }: Target): number {
  return patience
}

/** The agent's answer; else why there is none, as the machine tells it. */
export async function answerOf<T>(
  watch: Watch,
  call: Promise<T>,
  usualLimitMs: number,
  doing: string,
): Promise<T> {
  const limitMs = usualLimitMs * patienceWith(watch.target)
  const late = (): Error =>
    new TargetTimeout(
      'FCT_GUEST_TIMEOUT',
      `the guest did not answer within ${String(limitMs / 1000)} s while ${doing}`,
    )
  try {
    return await guarded(watch, within(call, limitMs, late))
  } catch (error) {
    // A channel that ends and a machine that dies are one event; the machine knows better why.
    if (!(error instanceof FctError) || error.code !== 'FCT_AGENT_LOST') throw error
    await within(watch.target.ended, leaveLimitMs * patienceWith(watch.target), () => error)
    throw watch.target.fault()
  }
}
