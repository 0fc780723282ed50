import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { connectAgent, type Agent } from '../../agent/agent-client.js'
import { FctError, messageOf } from '../../fct-error.js'
import type { Autopsy } from '../autopsy/autopsy.js'
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
import { bringBack } from './bring-back.js'
import { cleanUp, openControl, settle, startFarAgent, type FarPlace, type Luggage } from './far-agent.js'
import { followFile } from './followed-file.js'
import { openConsoleHook, type HookedConsole } from './hooks.js'
import type { Link, LinkOptions } from './link.js'
import { startNetconsole, type Netconsole } from './netconsole.js'
import type { MachineProbe } from './probe.js'
import { collectPstore } from './pstore.js'
import type { Hooks } from './targets-file.js'

const readyLimitMs = 60_000
const cleanUpLimitMs = 60_000
const tailBytes = 64 * 1024

export interface SshTargetOptions {
  readonly link: Link
  /** How it was made. */
  readonly linkOptions: LinkOptions
  readonly hooks: Hooks
  readonly bootSeconds: number
  /** Ends the waiting for a machine that has died. */
  readonly signal: AbortSignal
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
  let witness: HookedConsole | Netconsole | undefined
  try {
    const { console } = options.hooks
    witness = console === undefined ? await startNetconsole(link, folder) : openConsoleHook(console)
    return new FarMachine(options, await startFarAgent(link, folder, probe, luggage), witness)
  } catch (error) {
    witness?.end()
    await cleanUp(link, folder)
    throw error
  }
}

/** The last that a kernel says when it has panicked (kernel/panic.c). */
const panicEnd = /---\[ end Kernel panic|Rebooting in \d+ seconds/
/** The first that the next one says. */
const nextBoot = /^\[ {4}0\.000000\] Linux version /m

class FarMachine implements SshTarget {
  readonly description: TargetDescription
  /** Longer than a connection may be lost. */
  readonly patience = 3
  readonly ended: Promise<void>
  readonly hung: Promise<string>
  residue: readonly string[] = []
  readonly #options: SshTargetOptions
  readonly #place: FarPlace
  readonly #agent: Agent
  readonly #console: Readable
  readonly #witness: HookedConsole | Netconsole
  #link: Link
  #tail = ''
  #reason: FctError | undefined
  #stopping: Promise<void> | undefined

  constructor(options: SshTargetOptions, place: FarPlace, witness: HookedConsole | Netconsole) {
    const { link, probe } = options
    this.#options = options
    this.#link = link
    this.#witness = witness
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
    this.#console =
      'stream' in witness
        ? untilNextBoot(witness.stream)
        : followFile(link, { path: `${place.folder}/kmsg`, writer: place.kmsg })
    this.ended = new Promise((resolve) => {
      this.onConsole((chunk) => {
        this.#tail = (this.#tail + Buffer.from(chunk).toString()).slice(-tailBytes)
        if (panicEnd.test(this.#tail)) resolve()
      })
      control.once('close', resolve)
      void link.ended.then((reason) => {
        this.#reason = reason
        resolve()
      })
    })
    this.hung = awaitLockup((listener) => {
      this.onConsole(listener)
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

  /** Waits for a machine that has died, and asks it what its last words were. It boots meanwhile, if it has not yet. */
  async autopsy(into: string): Promise<Autopsy> {
    const missing: string[] = []
    const files: string[] = []
    const keep = async (name: string, content: string): Promise<void> => {
      if (content === '') return
      await mkdir(into, { recursive: true })
      await writeFile(join(into, name), content)
      files.push(name)
    }
    let messages = ''
    try {
      const { linkOptions, ...rest } = this.#options
      const absence = { ...rest, options: linkOptions, bootsItself: this.#options.probe.bootsItself }
      this.#link = await bringBack({ ...absence, link: this.#link })
      messages = await collectPstore(this.#link, this.#place.folder)
      if (messages === '') missing.push('dmesg.txt: pstore has kept nothing')
    } catch (error) {
      missing.push(`dmesg.txt: ${[messageOf(error), (error as FctError).detail].filter(Boolean).join('; ')}`)
    }
    if ('text' in this.#witness) {
      const { text, absence } = this.#witness
      if (absence !== undefined) missing.push(`netconsole.log: ${absence}`)
      await keep('netconsole.log', text())
      messages = messages === '' ? text() : messages
    } else {
      const failure = this.#witness.failure()
      if (failure !== undefined) missing.push(`the console: ${failure.message}`)
    }
    await keep('dmesg.txt', messages)
    return { files, missing }
  }

  stop(): Promise<void> {
    return (this.#stopping ??= this.#leave())
  }

  async #leave(): Promise<void> {
    const link = this.#link
    const { folder } = this.#place
    const late = (): Error => new Error('it did not answer')
    try {
      this.residue = await within(cleanUp(link, folder), cleanUpLimitMs, late)
    } catch {
      this.residue = [`the folder ${folder}, and perhaps more: the machine does not answer`]
    }
    this.#console.destroy()
    this.#witness.end()
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

/** A serial console goes on when the machine boots again; that is no part of the run. */
function untilNextBoot(console: Readable): Readable {
  let tail = ''
  return Readable.from(
    (async function* () {
      for await (const chunk of console as AsyncIterable<Buffer>) {
        tail = (tail + chunk.toString('latin1')).slice(-tailBytes)
        const start = tail.length - Math.min(chunk.length, tail.length)
        const next = nextBoot.exec(tail.replaceAll('\r', ' '))
        if (next === null) yield chunk
        else {
          yield chunk.subarray(0, Math.max(0, next.index - start))
          return
        }
      }
    })(),
    { objectMode: false },
  )
}
