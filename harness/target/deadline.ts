import { setTimeout as delay } from 'node:timers/promises'

/** The promise's value if it settles within `ms`; otherwise rejects with what `late` makes. No timer outlives it. */
export async function within<T>(promise: Promise<T>, ms: number, late: () => Error): Promise<T> {
  const over = new AbortController()
  const timer = delay(ms, undefined, { signal: over.signal }).then(() => {
    throw late()
  })
  try {
    return await Promise.race([promise, timer])
  } finally {
    over.abort()
    timer.catch(() => undefined)
    promise.catch(() => undefined)
  }
}

/** Rejects when the signal does, with its reason; never resolves. For use in a race, which is `over` at some time. */
export function aborted(signal: AbortSignal, over: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const refuse = (): void => {
      reject(signal.reason as Error)
    }
    if (signal.aborted) refuse()
    else signal.addEventListener('abort', refuse, { once: true, signal: over })
  })
}
