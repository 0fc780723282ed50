import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { execa } from 'execa'
import { messageOf, UsageError } from '../fct-error.js'
import { mailText } from './mail-text.js'
import type { Notice } from './notice.js'

/** Where a notice goes to. */
export type NotifyWay =
  | { readonly kind: 'command'; readonly program: string }
  | { readonly kind: 'webhook'; readonly url: URL }
  /** `-` is stdout. */
  | { readonly kind: 'mail'; readonly file: string }

export interface NotifyOptions {
  readonly signal?: AbortSignal
  /** Addresses of mail. */
  readonly from: string
  readonly to: string
  /** Of a command, and of each attempt at a webhook. */
  readonly timeoutMs: number
  /** How long a webhook is left alone after each attempt that failed: as many attempts more. */
  readonly waitsMs: readonly number[]
}

/** What became of a notice. */
export interface Delivery {
  /** Without what may be secret in a URL. */
  readonly way: string
  readonly isDelivered: boolean
  /** What went wrong at each attempt that failed, also before one that did not. */
  readonly failures: readonly string[]
}

/** `exec:PROGRAM`, `http(s)://...`, `mail:FILE`. @throws UsageError FCT_NOTIFY_WAY */
export function parseNotifyWay(text: string): NotifyWay {
  const [, scheme, rest = ''] = /^(exec|mail):(.+)$/s.exec(text) ?? []
  if (scheme === 'exec') return { kind: 'command', program: rest }
  if (scheme === 'mail') return { kind: 'mail', file: rest }
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return { kind: 'webhook', url: new URL(text) }
  throw new UsageError(
    'FCT_NOTIFY_WAY',
    `nobody can be notified by "${text}": it must be exec:PROGRAM, mail:FILE (mail:- for stdout), or the URL of a webhook`,
  )
}

/** Never throws: what went wrong is in the delivery. */
export async function notify(way: NotifyWay, notice: Notice, options: NotifyOptions): Promise<Delivery> {
  const failures: string[] = []
  // A program may have done half of its work, and says itself when it shall be tried again; a file does not mend.
  const waits = way.kind === 'webhook' ? options.waitsMs : []
  for (const pause of [...waits, null]) {
    try {
      await deliver(way, notice, options)
      return { way: nameOf(way), isDelivered: true, failures }
    } catch (error) {
      failures.push(explain(error))
      if (pause === null || error instanceof Refusal || options.signal?.aborted === true) break
      await wait(pause, undefined, { ...(options.signal && { signal: options.signal }) }).catch(
        () => undefined,
      )
    }
  }
  return { way: nameOf(way), isDelivered: false, failures }
}

/** Said by the other side, that will say it again. */
class Refusal extends Error {}

async function deliver(way: NotifyWay, notice: Notice, options: NotifyOptions): Promise<void> {
  if (way.kind === 'command') await runCommand(way.program, notice, options)
  else if (way.kind === 'webhook') await post(way.url, notice, options)
  else await writeMail(way.file, notice, options)
}

async function runCommand(program: string, notice: Notice, options: NotifyOptions): Promise<void> {
  const { timeoutMs: timeout, signal } = options
  // Its stdout would get into ours, which is for the document.
  await execa(program, {
    input: `${JSON.stringify(notice)}\n`,
    stdout: 'ignore',
    timeout,
    ...(signal && { cancelSignal: signal }),
  })
}

async function post(url: URL, notice: Notice, { timeoutMs, signal }: NotifyOptions): Promise<void> {
  const timeout = AbortSignal.timeout(timeoutMs)
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(notice),
    signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
  })
  await response.body?.cancel()
  if (response.ok) return
  const says = `it answered ${String(response.status)}`
  const mayPass = response.status >= 500 || response.status === 429 || response.status === 408
  throw mayPass ? new Error(says) : new Refusal(says)
}

async function writeMail(file: string, notice: Notice, { from, to }: NotifyOptions): Promise<void> {
  const text = mailText(notice, { from, to, date: new Date(), id: randomUUID() })
  if (file === '-') process.stdout.write(text)
  else await writeFile(file, text)
}

function nameOf(way: NotifyWay): string {
  if (way.kind === 'command') return `exec:${way.program}`
  return way.kind === 'webhook' ? way.url.origin : `mail:${way.file}`
}

/** Of fetch the message is "fetch failed", and what happened its cause. Of a program the first line says it. */
function explain(error: unknown): string {
  const { cause, shortMessage } = error as { readonly cause?: unknown; readonly shortMessage?: string }
  if (shortMessage !== undefined) return shortMessage.replace(/\n.*/s, '')
  return cause instanceof Error ? `${messageOf(error)}: ${cause.message}` : messageOf(error)
}
