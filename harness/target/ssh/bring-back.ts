import { setTimeout as delay } from 'node:timers/promises'
import { FctError } from '../../fct-error.js'
import { within } from '../deadline.js'
import { showAddress } from './address.js'
import { revivalsOf, runHook } from './hooks.js'
import { createLink, type Link, type LinkOptions } from './link.js'
import type { Hooks } from './targets-file.js'

/** A machine that is to answer again. */
export interface Absence {
  /** The way to it that is no more. */
  readonly link: Link
  readonly options: LinkOptions
  readonly hooks: Hooks
  readonly bootSeconds: number
  /** Its kernel boots again after a panic, as it was told to (kernel.panic). */
  readonly bootsItself: boolean
  readonly signal: AbortSignal
}

/** A forwarded port may accept a connection that nobody serves yet. */
const answerMs = 10_000
const retryMs = 1_000

/**
 * The way to a machine that has died or hangs: it is waited for, then reset, then cut from power, as far as its hooks go.
 *
 * @throws FctError FCT_TARGET_NOT_BACK with what was tried
 */
export async function bringBack(absence: Absence): Promise<Link> {
  const { link, hooks, bootSeconds, bootsItself } = absence
  if (await doesAnswer(link)) return link
  link.close()
  const tried: string[] = []
  if (bootsItself || revivalsOf(hooks).length === 0) {
    const back = await awaitBoot(absence)
    if (back !== undefined) return back
    tried.push(`it did not come by itself within ${bootSeconds} s`)
  }
  const back = await revive(absence, tried)
  if (back !== undefined) return back
  throw new FctError(
    'FCT_TARGET_NOT_BACK',
    `${showAddress(link.address)} does not come back`,
    tried.join('\n'),
  )
}

/**
 * Resets a machine, then cuts it from power, as far as its hooks go, until it answers.
 *
 * @param tried Takes what was of no use, and why.
 */
export async function revive(
  absence: Omit<Absence, 'bootsItself'>,
  tried: string[],
): Promise<Link | undefined> {
  const { link, hooks, bootSeconds, signal } = absence
  for (const revival of revivalsOf(hooks)) {
    signal.throwIfAborted()
    try {
      await runHook(revival)
    } catch (error) {
      const { message, detail } = error as FctError
      tried.push(message, ...(detail === '' ? [] : [detail]))
      continue
    }
    const back = await awaitBoot({ ...absence, after: link.bootId })
    if (back !== undefined) return back
    tried.push(`after ${revival.name} it did not answer within ${bootSeconds} s`)
  }
  return undefined
}

/** A link that is waiting for the machine does not answer either. */
function doesAnswer(link: Link): Promise<boolean> {
  const asked = link.run((connection) => connection.run('true')).then(() => true)
  return within(asked, answerMs, () => new Error('it does not answer')).catch(() => false)
}

/** A boot that is waited for. */
export interface Wait extends Pick<Absence, 'link' | 'options' | 'bootSeconds' | 'signal'> {
  /** The boot that is to be over: its answers do not count. */
  readonly after?: string
}

/** The link as soon as the machine answers; undefined: it does not in time. */
export async function awaitBoot({
  link: { address },
  options,
  bootSeconds,
  signal,
  after,
}: Wait): Promise<Link | undefined> {
  const end = performance.now() + bootSeconds * 1000
  while (performance.now() < end) {
    try {
      const link = await createLink(address, { ...options, readyTimeoutMs: answerMs, signal })
      if (link.bootId !== after) return link
      link.close()
    } catch (error) {
      signal.throwIfAborted()
      // A key that is refused is refused for good.
      if (!(error instanceof FctError) || !booting.has(error.code)) throw error
    }
    await delay(retryMs, undefined, { signal }).catch(() => undefined)
    signal.throwIfAborted()
  }
  return undefined
}

const booting = new Set(['FCT_SSH_CONNECT', 'FCT_SSH_LOST'])
