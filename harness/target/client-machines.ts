import type { LoadStats } from '../../addon/index.js'
import type { Agent } from '../agent/agent-client.js'
import type { JoinParams, Notice, WorkParams } from '../agent/protocol.js'
import { FctError, messageOf } from '../fct-error.js'
import { asClientFault } from './client-fault.js'
import { freshParams } from './fresh-params.js'
import { TargetTimeout, type Target } from './target.js'
import { answerOf, guarded, prepareLimitMs, type Watch } from './watch.js'

/** Machines beside the server, with the clients of a run. */
export interface ClientMachines {
  /** Aborts with the first fault of one of them. */
  readonly failed: AbortSignal
  /** Each mounts what the server exports. @throws ClientFault */
  join(params: Pick<JoinParams, 'exports' | 'versions'>): Promise<void>
  /** @throws ClientFault */
  work(params: WorkParams): Promise<void>
  /** What each has told last. */
  stats(): LoadStats[]
  /** The load ends, and the mounts go. @throws ClientFault, or FctError FCT_LOAD_STUCK */
  down(): Promise<void>
  /** Idempotent; afterwards no process of theirs is left. */
  stop(): Promise<void>
}

const silenceLimitMs = 60_000

export function createClientMachines(targets: readonly Target[], signal: AbortSignal): ClientMachines {
  const failure = new AbortController()
  const machines = targets.map((target, index) => new ClientMachine(target, index + 1, signal, failure))
  const all = async (act: (machine: ClientMachine) => Promise<void>): Promise<void> => {
    await Promise.all(machines.map(act))
  }
  return {
    failed: failure.signal,
    join: (params) => all((machine) => machine.join(params)),
    work: (params) => all((machine) => machine.work(params)),
    stats: () => machines.flatMap(({ stats }) => stats ?? []),
    down: () => all((machine) => machine.down()),
    stop: () => all((machine) => machine.stop()),
  }
}

class ClientMachine {
  stats: LoadStats | undefined
  readonly #number: number
  readonly #watch: Watch
  readonly #failure: AbortController
  #agent: Agent | undefined
  #silence: NodeJS.Timeout | undefined

  constructor(target: Target, number: number, signal: AbortSignal, failure: AbortController) {
    this.#number = number
    this.#watch = { target, signal }
    this.#failure = failure
    // It dies, or hangs, whether or not somebody waits for its answer.
    guarded(this.#watch, new Promise<never>(() => undefined)).catch((error: unknown) => {
      if (!signal.aborted) this.#fail(error)
    })
  }

  async join(params: Pick<JoinParams, 'exports' | 'versions'>): Promise<void> {
    const { target } = this.#watch
    const agent = (this.#agent = await this.#tried(guarded(this.#watch, target.start())))
    agent.onNotice((notice) => {
      this.#hear(notice)
    })
    const join = agent.call('join', { ...params, ...freshParams(), machine: this.#number })
    await this.#tried(answerOf(this.#watch, join, prepareLimitMs, 'joining the server'))
  }

  async work(params: WorkParams): Promise<void> {
    // Its clients shall not do what those of another machine do.
    const seed = BigInt.asUintN(64, BigInt(params.seed) + BigInt(this.#number) * 0xd1342543de82ef95n)
    const work = this.#joined().call('work', { ...params, seed: String(seed) })
    await this.#tried(answerOf(this.#watch, work, prepareLimitMs, 'starting the load'))
    this.#listen()
  }

  async down(): Promise<void> {
    clearTimeout(this.#silence)
    const down = this.#joined().call('down', null)
    this.stats = await this.#tried(answerOf(this.#watch, down, prepareLimitMs, 'stopping the load'))
  }

  stop(): Promise<void> {
    clearTimeout(this.#silence)
    return this.#watch.target.stop()
  }

  #joined(): Agent {
    if (this.#agent === undefined) throw new TypeError('join comes first')
    return this.#agent
  }

  #hear(notice: Notice): void {
    if (notice.notice !== 'clients') return
    this.stats = notice.clients
    if (this.#silence !== undefined) this.#listen()
  }

  #listen(): void {
    clearTimeout(this.#silence)
    this.#silence = setTimeout(() => {
      this.#fail(
        new TargetTimeout(
          'FCT_GUEST_SILENT',
          `its agent said nothing for ${String(silenceLimitMs / 1000)} s`,
        ),
      )
    }, silenceLimitMs).unref()
  }

  async #tried<T>(promise: Promise<T>): Promise<T> {
    try {
      return await promise
    } catch (error) {
      throw this.#watch.signal.aborted ? error : this.#asFault(error)
    }
  }

  #fail(error: unknown): void {
    this.#failure.abort(this.#asFault(error))
  }

  #asFault(error: unknown): FctError {
    const known = error instanceof FctError ? error : new FctError('FCT_INTERNAL', messageOf(error))
    return asClientFault(known, this.#number)
  }
}
