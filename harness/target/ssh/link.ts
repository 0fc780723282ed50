import { setTimeout as delay } from 'node:timers/promises'
import { FctError } from '../../fct-error.js'
import { connect, type Connection, type ConnectOptions } from './connection.js'
import { showAddress, type SshAddress } from './address.js'

/**
 * The way to a machine, over one connection after the other: what runs there goes on while there is none.
 *
 * A machine that has booted since is another one: what was there is gone, and `ended` resolves.
 */
export interface Link {
  readonly address: SshAddress
  /** Of the boot that it leads to. */
  readonly bootId: string
  /** The connection as soon as there is one. @throws FctError FCT_TARGET_GONE, FCT_TARGET_REBOOTED */
  connection(): Promise<Connection>
  /** Does something that may be done twice, again if the connection was lost meanwhile. */
  run<T>(work: (connection: Connection) => Promise<T>): Promise<T>
  /** Resolves with the reason when the machine is gone for good. */
  readonly ended: Promise<FctError>
  /** How often the connection was lost and found again. */
  readonly drops: number
  close(): void
}

export interface LinkOptions extends ConnectOptions {
  /** How long a machine may not answer before it is given up, ms. */
  readonly patienceMs?: number
}

const usualPatienceMs = 120_000
const retryMs = 1_000

/** Tells one boot of a machine from the next. */
export async function readBootId(connection: Connection): Promise<string> {
  return (await connection.run('cat /proc/sys/kernel/random/boot_id')).trim()
}

/** @throws What the first connection does: nothing is tried again before there was one. */
export async function createLink(address: SshAddress, options: LinkOptions = {}): Promise<Link> {
  const first = await connect(address, options)
  try {
    return new SshLink(address, options, first, await readBootId(first))
  } catch (error) {
    first.end()
    throw error
  }
}

class SshLink implements Link {
  readonly address: SshAddress
  readonly bootId: string
  readonly ended: Promise<FctError>
  drops = 0
  readonly #options: LinkOptions
  readonly #closing = new AbortController()
  #current: Promise<Connection>
  #giveUp: (reason: FctError) => void = () => undefined

  constructor(address: SshAddress, options: LinkOptions, first: Connection, bootId: string) {
    this.address = address
    this.#options = options
    this.bootId = bootId
    this.ended = new Promise((resolve) => (this.#giveUp = resolve))
    this.#current = Promise.resolve(first)
    this.#keep(first)
  }

  connection(): Promise<Connection> {
    return this.#current
  }

  async run<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    for (;;) {
      const connection = await this.#current
      try {
        return await work(connection)
      } catch (error) {
        if (!(error instanceof FctError) || error.code !== 'FCT_SSH_LOST') throw error
        connection.end()
        await connection.closed
      }
    }
  }

  close(): void {
    this.#closing.abort(new FctError('FCT_TARGET_GONE', 'the connection was closed by us'))
    void this.#current.then(
      (connection) => {
        connection.end()
      },
      () => undefined,
    )
  }

  #keep(connection: Connection): void {
    void connection.closed.then((reason) => {
      this.#current = this.#again(reason)
      this.#current.catch((error: unknown) => {
        this.#giveUp(error as FctError)
      })
    })
  }

  async #again(reason: string): Promise<Connection> {
    const { signal } = this.#closing
    const end = performance.now() + (this.#options.patienceMs ?? usualPatienceMs)
    let last = reason
    while (performance.now() < end) {
      signal.throwIfAborted()
      try {
        return await this.#rejoin()
      } catch (error) {
        if (!(error instanceof FctError) || !passes.has(error.code)) throw error
        last = error.message
      }
      await delay(retryMs, undefined, { signal }).catch(() => undefined)
    }
    throw new FctError('FCT_TARGET_GONE', `${showAddress(this.address)} does not answer any more`, last)
  }

  async #rejoin(): Promise<Connection> {
    const connection = await connect(this.address, { ...this.#options, signal: this.#closing.signal })
    try {
      if ((await readBootId(connection)) !== this.bootId)
        throw new FctError('FCT_TARGET_REBOOTED', `${showAddress(this.address)} has booted meanwhile`)
    } catch (error) {
      connection.end()
      throw error
    }
    this.drops++
    this.#keep(connection)
    return connection
  }
}

/** What may be over in a moment: a cable, a switch, a machine that is busy. */
const passes = new Set(['FCT_SSH_CONNECT', 'FCT_SSH_LOST'])
