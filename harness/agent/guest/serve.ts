import { release } from 'node:os'
import { FctError, messageOf } from '../../fct-error.js'
import type { Answer, Failure, Request, Upward } from '../protocol.js'
import { openChannels, type Channels } from './channels.js'

/** An answer to each request, by its method; `leave` ends the agent. */
export type Handlers = Readonly<Record<string, (params: never) => Promise<unknown>>>

/** What handlers can do beside answering. */
export interface Upstream {
  readonly send: (message: Upward) => void
  readonly openTrace: Channels['openTrace']
}

/** Does what the host asks over the control channel, one request after the other, until it says `leave`. */
export async function serve(create: (upstream: Upstream) => Handlers): Promise<void> {
  const channels = openChannels()
  const send = (message: Upward): void => {
    channels.send(JSON.stringify(message) + '\n')
  }
  const handlers = create({ send, openTrace: channels.openTrace })
  send({ notice: 'hello', node: process.version, release: release() })
  for await (const line of channels.requests()) {
    const request = JSON.parse(line) as Request
    send(await answer(handlers, request))
    if (request.method === 'leave') break
  }
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
