import { createInterface } from 'node:readline'
import type { Duplex } from 'node:stream'
import { FctError } from '../harness/fct-error.js'

/** The commands that are used, with what they take and answer (QEMU's own reference: "QEMU QMP Reference Manual"). */
interface Commands {
  readonly qmp_capabilities: { readonly arguments: undefined; readonly answer: object }
  readonly stop: { readonly arguments: undefined; readonly answer: object }
  readonly cont: { readonly arguments: undefined; readonly answer: object }
  readonly 'query-status': {
    readonly arguments: undefined
    readonly answer: { readonly status: string; readonly running: boolean }
  }
  readonly system_reset: { readonly arguments: undefined; readonly answer: object }
  readonly quit: { readonly arguments: undefined; readonly answer: object }
  readonly set_link: {
    readonly arguments: { readonly name: string; readonly up: boolean }
    readonly answer: object
  }
  readonly 'migrate-set-capabilities': {
    readonly arguments: { readonly capabilities: readonly MigrationCapability[] }
    readonly answer: object
  }
  readonly migrate: { readonly arguments: { readonly uri: string }; readonly answer: object }
  readonly 'migrate-incoming': { readonly arguments: { readonly uri: string }; readonly answer: object }
  /** Physical memory into a file. */
  readonly pmemsave: {
    readonly arguments: { readonly val: number; readonly size: number; readonly filename: string }
    readonly answer: object
  }
  /** `begin` and `length` are bytes of physical memory; only `elf` can leave something out. */
  readonly 'dump-guest-memory': {
    readonly arguments: {
      readonly paging: false
      readonly protocol: `file:${string}`
      readonly format: 'elf' | 'kdump-zlib'
      readonly begin?: number
      readonly length?: number
    }
    readonly answer: object
  }
  readonly 'human-monitor-command': {
    readonly arguments: { readonly 'command-line': 'info registers -a' }
    readonly answer: string
  }
}

/** The events that somebody waits for, with what they carry. */
interface Events {
  readonly MIGRATION: { readonly status: string }
  /** A guest says so itself, through the device pvpanic; what QEMU does then is its action. */
  readonly GUEST_PANICKED: { readonly action: 'pause' | 'poweroff' | 'run' }
  readonly STOP: object
  readonly RESUME: object
}

export interface MigrationCapability {
  readonly capability: 'events' | 'x-ignore-shared'
  readonly state: boolean
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
  onEvent<E extends keyof Events>(event: E, listener: (data: Events[E]) => void): void
}

interface Message {
  readonly id?: number
  readonly return?: object | string
  readonly error?: { readonly class: string; readonly desc: string }
  readonly event?: string
  readonly data?: Readonly<Record<string, unknown>>
}

interface Waiting {
  readonly resolve: (answer: object | string) => void
  readonly reject: (error: Error) => void
}

/** Speaks QMP over a channel, and resolves when QEMU is ready for commands. @throws FctError FCT_QMP_LOST */
export async function connectQmp(channel: Duplex): Promise<Qmp> {
  const waiting = new Map<number, Waiting>()
  const listeners: { readonly event: string; readonly hear: (data: never) => void }[] = []
  let nextId = 1
  let end: FctError | undefined
  const lines = createInterface({ input: channel, crlfDelay: Infinity })
  lines.on('line', (line) => {
    const message = JSON.parse(line) as Message
    if (message.event !== undefined) {
      for (const { event, hear } of listeners)
        if (event === message.event) hear((message.data ?? {}) as never)
    } else if (message.id !== undefined) settle(waiting, message.id, message)
  })
  // A QEMU that is killed resets the channel; what matters is that it has ended.
  for (const emitter of [channel, lines]) emitter.on('error', () => undefined)
  channel.on('close', () => {
    end = new FctError('FCT_QMP_LOST', 'QEMU has ended')
    for (const { reject } of waiting.values()) reject(end)
    waiting.clear()
  })
  const execute = (command: keyof Commands, args?: object): Promise<never> =>
    new Promise<object | string>((resolve, reject) => {
      if (end !== undefined) {
        reject(end)
        return
      }
      const id = nextId++
      waiting.set(id, { resolve, reject })
      channel.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`)
    }) as Promise<never>
  await execute('qmp_capabilities')
  return { execute, onEvent: (event, hear) => void listeners.push({ event, hear }) }
}

function settle(waiting: Map<number, Waiting>, id: number, { return: answer, error }: Message): void {
  const caller = waiting.get(id)
  waiting.delete(id)
  if (error === undefined) caller?.resolve(answer ?? {})
  else caller?.reject(new FctError('FCT_QMP_REFUSED', `QEMU refuses: ${error.desc}`))
}
