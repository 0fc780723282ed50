import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { connectAgent, type Agent } from '../../agent/agent-client.js'
import { FctError } from '../../fct-error.js'
import { awaitLockup } from '../lockups.js'
import { within } from '../deadline.js'
import { judgeConsole } from '../qemu-target.js'
import {
  consoleTail,
  KernelFault,
  TargetLost,
  TargetTimeout,
  type Target,
  type TargetDescription,
} from '../target.js'
import { showAddress } from './address.js'
import { cleanUp, openControl, settle, startFarAgent, type FarPlace, type Luggage } from './far-agent.js'
import { followFile } from './followed-file.js'
import type { Link } from './link.js'
import type { MachineProbe } from './probe.js'

const readyLimitMs = 60_000
const cleanUpLimitMs = 60_000
const tailBytes = 64 * 1024

export interface SshTargetOptions {
  readonly link: Link
  readonly probe: MachineProbe
  readonly luggage: Luggage
  /** Bytes per second of trace that are brought here, at the most; the rest waits on the disk there. */
  readonly traceRate?: number | undefined
}

/** A machine that is not ours, with our agent on it. */
export interface SshTarget extends Target {
  /** What `stop` could not undo there; empty if nothing of ours is left. */
  readonly residue: readonly string[]
}

/**
 * Brings the agent to a machine and starts it.
 *
 * @throws FctError FCT_TARGET_SETTLE, FCT_MODULE_BUILD, FCT_SSH_...; nothing is left there then
 */
export async function createSshTarget(options: SshTargetOptions): Promise<SshTarget> {
  const { link, probe, luggage } = options
  const folder = await settle(link)
  try {
    return new FarMachine(options, await startFarAgent(link, folder, probe, luggage))
  } catch (error) {
    await cleanUp(link, folder)
    throw error
  }
}

class FarMachine implements SshTarget {
  readonly description: TargetDescription
  /** Longer than a connection may be lost. */
  readonly patienceMs = 180_000
  readonly ended: Promise<void>
  readonly hung: Promise<string>
  residue: readonly string[] = []
  readonly #options: SshTargetOptions
  readonly #place: FarPlace
  readonly #agent: Agent
  readonly #console: Readable
  #tail = ''
  #reason: FctError | undefined
  #stopping: Promise<void> | undefined

  constructor(options: SshTargetOptions, place: FarPlace) {
    const { link, probe } = options
    this.#options = options
    this.#place = place
    this.description = {
      kind: 'ssh',
      accel: 'none',
      reason: showAddress(link.address),
      cpus: probe.cpus,
      memoryMiB: probe.memoryMiB,
      commandLine: probe.commandLine,
    }
    const control = openControl(link, place)
    this.#agent = connectAgent(control)
    this.#console = followFile(link, { path: `${place.folder}/kmsg`, writer: place.kmsg })
    this.ended = new Promise((resolve) => {
      control.once('close', resolve)
      void link.ended.then((reason) => {
        this.#reason = reason
        resolve()
      })
    })
    this.hung = awaitLockup((listener) => {
      this.onConsole(listener)
    })
    this.onConsole((chunk) => {
      this.#tail = (this.#tail + Buffer.from(chunk).toString()).slice(-tailBytes)
    })
  }

  async start(): Promise<Agent> {
    const late = (): Error =>
      new TargetTimeout('FCT_GUEST_NOT_READY', `the agent did not speak within ${readyLimitMs / 1000} s`)
    try {
      await within(this.#agent.hello, readyLimitMs, late)
    } catch (error) {
      if (!(error instanceof FctError) || error.code !== 'FCT_AGENT_LOST') throw error
      throw new TargetLost('FCT_AGENT_LOST', error.message, await this.#lastWords())
    }
    return this.#agent
  }

  onConsole(listener: (chunk: Uint8Array) => void): void {
    this.#console.on('data', listener)
  }

  stream(name: string): Readable {
    const { link, traceRate: rate } = this.#options
    const { folder, agent } = this.#place
    if (name !== 'fct.trace') throw new TypeError(`there is no stream ${name}`)
    return followFile(link, { path: `${folder}/trace`, writer: agent, rate })
  }

  fault(): FctError {
    const judged = judgeConsole(this.#tail)
    if (judged instanceof KernelFault) return judged
    const { code, message, detail } =
      this.#reason ?? new FctError('FCT_AGENT_LOST', 'the agent there has ended')
    return new TargetLost(code, message, detail === '' ? consoleTail(this.#tail) : detail)
  }

  stop(): Promise<void> {
    return (this.#stopping ??= this.#leave())
  }

  async #leave(): Promise<void> {
    const { link } = this.#options
    const { folder } = this.#place
    const late = (): Error => new Error('it did not answer')
    try {
      this.residue = await within(cleanUp(link, folder), cleanUpLimitMs, late)
    } catch {
      this.residue = [`the folder ${folder}, and perhaps more: the machine does not answer`]
    }
    this.#console.destroy()
    link.close()
  }

  async #lastWords(): Promise<string> {
    const read = async (): Promise<string> => {
      const connection = await this.#options.link.connection()
      return text(await connection.open(`tail -n 20 ${this.#place.folder}/agent.log`))
    }
    return read().catch(() => '')
  }
}
