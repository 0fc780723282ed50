import { createInterface } from 'node:readline'
import type { Duplex, Readable } from 'node:stream'
import { FctError, messageOf } from '../fct-error.js'
import type { AgentMethods, Answer, Method, Notice, Request, ScriptedRequest, Upward } from './protocol.js'

/** The agent in the target, as the host sees it. */
export interface Agent {
  /**
   * @throws FctError what the agent answered; FCT_AGENT_LOST if the channel ended before it did
   */
  call<M extends Method>(method: M, params: AgentMethods[M]['params']): Promise<AgentMethods[M]['result']>
  /** Asks the agent to end. The empty line after its answer lets its last read return: Node cannot end in a read that blocks. */
  leave(): Promise<void>
  onNotice(listener: (notice: Notice) => void): void
  /** It does what stands in a script, whether it is asked or not; `call` waits for the answer, and the parameters are the script's. */
  readonly isScripted: boolean
  /** Resolves with the agent's first words. */
  readonly hello: Promise<Notice & { notice: 'hello' }>
}

interface Waiting {
  resolve: (result: unknown) => void
  reject: (error: Error) => void
}

/** Speaks the protocol over a byte channel: a virtio-serial port, an ssh channel. */
export function connectAgent(channel: Duplex): Agent {
  const write = (line: string): void => void channel.write(`${line}\n`)
  const send = (request: Request): void => {
    write(JSON.stringify(request))
  }
  return createAgent(channel, false, send, () => {
    write('')
  })
}

/** Hears an agent that works through a script, to be called in the order of it. */
export function hearAgent(output: Readable, script: readonly ScriptedRequest[]): Agent {
  const check = ({ id, method }: Request): void => {
    const planned = script[id - 1]?.method
    if (planned !== method)
      throw new Error(`the script has ${planned ?? 'nothing'} where ${method} is called`)
  }
  return createAgent(output, true, check, () => undefined)
}

function createAgent(
  input: Readable,
  isScripted: boolean,
  send: (request: Request) => void,
  letGo: () => void,
): Agent {
  const waiting = new Map<number, Waiting>()
  /** Answers that nobody has asked for yet. */
  const early = new Map<number, Answer>()
  const listeners: ((notice: Notice) => void)[] = []
  let lost: FctError | undefined
  let nextId = 1
  const receive = (message: Upward): void => {
    if ('notice' in message) for (const listener of listeners) listener(message)
    else if (!settle(waiting, message)) early.set(message.id, message)
  }
  const lose = (reason: string): void => {
    lost ??= new FctError('FCT_AGENT_LOST', `the agent in the guest is gone: ${reason}`)
    for (const { reject } of waiting.values()) reject(lost)
    waiting.clear()
  }
  readMessages(input, receive, lose)

  const call: Agent['call'] = (method, params) =>
    new Promise((resolve, reject) => {
      const id = nextId++
      const answer = early.get(id)
      if (lost !== undefined && answer === undefined) {
        reject(lost)
        return
      }
      waiting.set(id, { resolve: resolve as (result: unknown) => void, reject })
      send({ id, method, params })
      if (answer !== undefined) settle(waiting, answer)
    })
  const leave = async (): Promise<void> => {
    await call('leave', null)
    letGo()
  }
  const onNotice: Agent['onNotice'] = (listener) => void listeners.push(listener)
  const hello = new Promise<Notice & { notice: 'hello' }>((resolve, reject) => {
    onNotice((notice) => {
      if (notice.notice === 'hello') resolve(notice)
    })
    waiting.set(0, { resolve: () => undefined, reject })
  })
  hello.catch(() => undefined)
  return { call, leave, onNotice, isScripted, hello }
}

/** @returns whether somebody waits for it */
function settle(waiting: Map<number, Waiting>, answer: Answer): boolean {
  const caller = waiting.get(answer.id)
  if (caller === undefined) return false
  waiting.delete(answer.id)
  if ('result' in answer) caller.resolve(answer.result)
  else caller.reject(new FctError(answer.failure.code, answer.failure.message, answer.failure.detail))
  return true
}

function readMessages(
  channel: Readable,
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
  // It repeats its input's.
  lines.on('error', () => undefined)
}
