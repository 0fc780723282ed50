import { createInterface } from 'node:readline'
import type { Duplex } from 'node:stream'
import { FctError } from '../harness/fct-error.js'

/** The commands that are used, with what they take and answer (QEMU's own reference: "QEMU QMP Reference Manual"). */
interface Commands {
  readonly qmp_capabilities: { readonly arguments: undefined; readonly answer: object }
  readonly stop: { readonly arguments: undefined; readonly answer: object }
  readonly cont: { readonly arguments: undefined; readonly answer: object }
  readonly quit: { readonly arguments: undefined; readonly answer: object }
  readonly set_link: { readonly arguments: { readonly name: string; readonly up: boolean }; readonly answer: object }
  readonly 'migrate-set-capabilities': {
    readonly arguments: { readonly capabilities: readonly MigrationCapability[] }
    readonly answer: object
  }
  readonly migrate: { readonly arguments: { readonly uri: string }; readonly answer: object }
  readonly 'migrate-incoming': { readonly arguments: { readonly uri: string }; readonly answer: object }
}

export interface MigrationCapability {
  readonly capability: 'events' | 'x-ignore-shared'
  readonly state: boolean
}

/** An event of QEMU; which data it carries depends on its name. */
export interface QmpEvent {
  readonly event: string
  readonly data?: Readonly<Record<string, unknown>>
}

/** QEMU's monitor. */
export interface Qmp {
  /**
   * @throws FctError FCT_QMP_REFUSED what QEMU answered; FCT_QMP_LOST if it ended before
   */
  execute<C extends keyof Commands>(
    command: C,
    ...args: Commands[C]['arguments'] extends undefined ? [] : [Commands[C]['arguments']]
  ): Promise<Commands[C]['answer']>
  onEvent(listener: (event: QmpEvent) => void): void
}

interface Message {
  readonly id?: number
  readonly return?: object
  readonly error?: { readonly class: string; readonly desc: string }
  readonly event?: string
  readonly data?: Readonly<Record<string, unknown>>
}

interface Waiting {
  readonly resolve: (answer: object) => void
  readonly reject: (error: Error) => void
}

/** Speaks QMP over a channel, and resolves when QEMU is ready for commands. */
export async function connectQmp(channel: Duplex): Promise<Qmp> {
  const waiting = new Map<number, Waiting>()
  const listeners: ((event: QmpEvent) => void)[] = []
  let nextId = 1
  let end: FctError | undefined
  const lines = createInterface({ input: channel, crlfDelay: Infinity })
  lines.on('line', (line) => {
    const message = JSON.parse(line) as Message
    if (message.event !== undefined)
      for (const listener of listeners) listener({ event: message.event, data: message.data ?? {} })
    else if (message.id !== undefined) settle(waiting, message.id, message)
  })
  // A QEMU that is killed resets the channel; what matters is that it has ended.
  for (const emitter of [channel, lines]) emitter.on('error', () => undefined)
  channel.on('close', () => {
    end = new FctError('FCT_QMP_LOST', 'QEMU has ended')
    for (const { reject } of waiting.values()) reject(end)
    waiting.clear()
  })
  const execute = (command: keyof Commands, args?: object): Promise<object> =>
    new Promise((resolve, reject) => {
      if (end !== undefined) {
        reject(end)
        return
      }
      const id = nextId++
      waiting.set(id, { resolve, reject })
      channel.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`)
    })
  await execute('qmp_capabilities')
  return { execute, onEvent: (listener) => void listeners.push(listener) }
}

function settle(waiting: Map<number, Waiting>, id: number, { return: answer, error }: Message): void {
  const caller = waiting.get(id)
  waiting.delete(id)
  if (error === undefined) caller?.resolve(answer ?? {})
  else caller?.reject(new FctError('FCT_QMP_REFUSED', `QEMU refuses: ${error.desc}`))
}
