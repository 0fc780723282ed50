import { createInterface } from 'node:readline'
import type { Duplex } from 'node:stream'
import { FctError, messageOf } from '../fct-error.js'
import type { AgentMethods, Method, Notice, Upward } from './protocol.js'

/** The agent in the target, as the host sees it. */
export interface Agent {
  /**
   * @throws FctError what the agent answered; FCT_AGENT_LOST if the channel ended before it did
   */
  call<M extends Method>(method: M, params: AgentMethods[M]['params']): Promise<AgentMethods[M]['result']>
  /** Asks the agent to end. The empty line after its answer lets its last read return: Node cannot end in a read that blocks. */
  leave(): Promise<void>
  onNotice(listener: (notice: Notice) => void): void
  /** Resolves with the agent's first words. */
  readonly hello: Promise<Notice & { notice: 'hello' }>
}

interface Waiting {
  resolve: (result: unknown) => void
  reject: (error: Error) => void
}

/** Speaks the protocol over a byte channel: a virtio-serial port, an ssh channel. */
export function connectAgent(channel: Duplex): Agent {
  const waiting = new Map<number, Waiting>()
  const listeners: ((notice: Notice) => void)[] = []
  let lost: FctError | undefined
  let nextId = 1
  const receive = (message: Upward): void => {
    if ('notice' in message) for (const listener of listeners) listener(message)
    else settle(waiting, message)
  }
  const lose = (reason: string): void => {
    lost ??= new FctError('FCT_AGENT_LOST', `the agent in the guest is gone: ${reason}`)
    for (const { reject } of waiting.values()) reject(lost)
    waiting.clear()
  }
  readMessages(channel, receive, lose)

  const call: Agent['call'] = (method, params) =>
    new Promise((resolve, reject) => {
      if (lost !== undefined) {
        reject(lost)
        return
      }
      const id = nextId++
      waiting.set(id, { resolve: resolve as (result: unknown) => void, reject })
      channel.write(JSON.stringify({ id, method, params }) + '\n')
    })
  const leave = async (): Promise<void> => {
    await call('leave', null)
    channel.write('\n')
  }
  const onNotice: Agent['onNotice'] = (listener) => void listeners.push(listener)
  const hello = new Promise<Notice & { notice: 'hello' }>((resolve, reject) => {
    onNotice((notice) => {
      if (notice.notice === 'hello') resolve(notice)
    })
    waiting.set(0, { resolve: () => undefined, reject })
  })
  hello.catch(() => undefined)
  return { call, leave, onNotice, hello }
}

function settle(waiting: Map<number, Waiting>, answer: Exclude<Upward, Notice>): void {
  const caller = waiting.get(answer.id)
  waiting.delete(answer.id)
  if ('result' in answer) caller?.resolve(answer.result)
  else caller?.reject(new FctError(answer.failure.code, answer.failure.message, answer.failure.detail))
}

function readMessages(
  channel: Duplex,
  receive: (message: Upward) => void,
  lose: (reason: string) => void,
): void {
  const lines = createInterface({ input: channel, crlfDelay: Infinity })
  lines.on('line', (line) => {
    try {
      receive(JSON.parse(line) as Upward)
    } catch (error) {
      lose(`it sent what is no message (${messageOf(error)})`)
    }
  })
  lines.on('close', () => {
    lose('its channel ended')
  })
  channel.on('error', (error) => {
    lose(messageOf(error))
  })
}
