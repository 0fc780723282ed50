import { createReadStream, writeSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { release } from 'node:os'
import { createInterface } from 'node:readline'
import { FctError, messageOf } from '../../fct-error.js'
import { controlPort, type Answer, type Failure, type Request, type Upward } from '../protocol.js'
import { findPort } from './ports.js'
import { hasScript, scriptedRequests } from './script.js'

/** An answer to each request, by its method; `leave` ends the agent. */
export type Handlers = Readonly<Record<string, (params: never) => Promise<unknown>>>

/**
 * Does what the host asks over the control channel, or has written in a script, one request after the other, until it says
 * `leave`.
 */
export async function serve(create: (send: (message: Upward) => void) => Handlers): Promise<void> {
  const path = findPort(controlPort)
  const port = await open(path, hasScript() ? 'w' : 'r+')
  // One small write per message; the host always reads, so a blocking write is short.
  const send = (message: Upward): void => {
    writeSync(port.fd, JSON.stringify(message) + '\n')
  }
  const handlers = create(send)
  send({ notice: 'hello', node: process.version, release: release() })
  for await (const request of hasScript() ? scriptedRequests() : requestsFrom(path, port.fd)) {
    send(await answer(handlers, request))
    if (request.method === 'leave') break
  }
}

async function* requestsFrom(path: string, fd: number): AsyncGenerator<Request> {
  const input = createReadStream(path, { fd, autoClose: false })
  for await (const line of createInterface({ input })) yield JSON.parse(line) as Request
}

async function answer(handlers: Handlers, request: Request): Promise<Answer> {
  try {
    const handler = handlers[request.method] as ((params: unknown) => Promise<unknown>) | undefined
    if (handler === undefined) throw new Error(`the agent knows no ${request.method}`)
    return { id: request.id, result: await handler(request.params) }
  } catch (error) {
    return { id: request.id, failure: describeFailure(error) }
  }
}

function describeFailure(error: unknown): Failure {
  if (error instanceof FctError) return { code: error.code, message: error.message, detail: error.detail }
  const detail = error instanceof Error ? (error.stack ?? '') : ''
  return { code: 'FCT_AGENT_FAILED', message: `the agent failed: ${messageOf(error)}`, detail }
}
