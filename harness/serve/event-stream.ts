import type { IncomingMessage, ServerResponse } from 'node:http'

/** What is told, with a number that rises. */
export interface FollowedRow {
  readonly id: number
}

/** The history is a file that another process writes: whether there is something new is looked up so often, ms. */
const lookEveryMs = 250

/** So that whoever is in between, and the browser, does not take silence for the end, ms. */
const silenceMs = 15_000

/** Bytes that may wait for a reader who does not read; he reads on later. */
const mostWaiting = 1 << 20

/**
 * Server-sent events: each row as JSON under its number, from the first one on, or behind the last one that the browser had
 * (Last-Event-ID), until it goes away.
 */
export function followEvents(
  follow: (after: number) => readonly FollowedRow[],
  request: IncomingMessage,
  response: ServerResponse,
): void {
  let last = Number(/^\d{1,15}$/.exec(String(request.headers['last-event-id']))?.[0] ?? 0)
  let silentSince = Date.now()
  response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8', Connection: 'keep-alive' })
  const tell = (text: string): void => {
    response.write(text)
    silentSince = Date.now()
  }
  const look = (): void => {
    for (let rows = follow(last); rows.length > 0; rows = follow(last)) {
      for (const row of rows) tell(`id: ${String(row.id)}\ndata: ${JSON.stringify(row)}\n\n`)
      last = rows.at(-1)?.id ?? last
      if (response.writableLength > mostWaiting) return
    }
    if (Date.now() - silentSince > silenceMs) tell(': nothing new\n\n')
  }
  const timer = setInterval(() => {
    try {
      look()
    } catch {
      // The browser asks again, and the reason is told where it can be read.
      response.destroy()
    }
  }, lookEveryMs)
  response.on('close', () => {
    clearInterval(timer)
  })
  tell('retry: 1000\n\n')
}
