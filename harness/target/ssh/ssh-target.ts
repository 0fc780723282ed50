import { randomBytes } from 'node:crypto'
import type { Duplex, Readable } from 'node:stream'
import { connectAgent, type Agent } from '../../agent/agent-client.js'
import { FctError, messageOf } from '../../fct-error.js'
import type { Autopsy } from '../autopsy/autopsy.js'
import { Lockups } from '../lockups.js'
import { within } from '../deadline.js'
import { asFailure } from '../drive.js'
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
import { openConsoleHook, type HookedConsole } from './hooks.js'
import type { Link, LinkOptions } from './link.js'
import { askForLastWords } from './last-words.js'
import { startNetconsole, type Netconsole } from './netconsole.js'
import type { MachineProbe } from './probe.js'
import type { Hooks } from './targets-file.js'
import { untilNextBoot } from './until-next-boot.js'

const readyLimitMs = 60_000
const hearLimitMs = 30_000
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
    const residue = await residueOf(link, folder)
    if (residue.length === 0) throw error
    const { code, message, detail } = asFailure(error)
    throw new FctError(code, message, [detail, ...residue.map((left) => `left there: ${left}`)].join('\n'))
  }
}

/** Undoes all there; what could not be undone. */
async function residueOf(link: Link, folder: string): Promise<string[]> {
  const late = (): Error => new Error('the machine does not answer')
  try {
    return await within(cleanUp(link, folder), cleanUpLimitMs, late)
  } catch (error) {
    return [`the folder ${folder}, and perhaps more: ${messageOf(error)}`]
  }
}

/** The last that a kernel says when it has panicked (kernel/panic.c). */
const panicEnd = /---\[ end Kernel panic|Rebooting in \d+ seconds/

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
  readonly #lockups: Lockups
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
    this.ended = this.#awaitEnd(control)
    this.#lockups = new Lockups((listener) => {
      this.onConsole(listener)
    })
    this.hung = this.#lockups.convinced
  }

  /** The machine says that it has panicked, or is gone, or cannot be heard any more. */
  #awaitEnd(control: Duplex): Promise<void> {
    return new Promise((resolve) => {
      const endFor = (reason: FctError): void => {
        this.#reason ??= reason
        resolve()
      }
      this.onConsole((chunk) => {
        this.#tail = (this.#tail + Buffer.from(chunk).toString()).slice(-tailBytes)
        if (panicEnd.test(this.#tail)) resolve()
      })
      control.once('close', () => {
        void this.#whyAgentEnded().then(endFor)
      })
      void this.#link.ended.then(endFor)
      if ('stream' in this.#witness) void this.#witness.failed.then(endFor)
    })
  }

  async start(): Promise<Agent> {
    const late = (): Error =>
      new TargetTimeout('FCT_GUEST_NOT_READY', `the agent did not speak within ${readyLimitMs / 1000} s`)
    try {
      await within(this.#agent.hello, readyLimitMs, late)
    } catch (error) {
      if (!(error instanceof FctError) || error.code !== 'FCT_AGENT_LOST') throw error
      await this.ended
      throw this.fault()
    }
    await this.#hearConsole()
    return this.#agent
  }

  /** A console that does not say what it should would not tell of a panic. */
  async #hearConsole(): Promise<void> {
    const word = randomBytes(12).toString('hex')
    const heard = new Promise<void>((resolve) => {
      this.onConsole(() => {
        if (this.#tail.includes(word)) resolve()
      })
    })
    await this.#link.run((connection) => connection.run(`echo '<3>fct-console: ${word}' > /dev/kmsg`))
    const way = 'stream' in this.#witness ? 'the console hook' : '`dmesg --follow-new` there'
    const late = (): Error =>
      new FctError(
        'FCT_TARGET_MUTE',
        `what its kernel says is not heard by ${way}`,
        'Is it that machine, and has its kernel that console (console=ttyS0,115200)? What is written to /dev/kmsg must show there.',
      )
    await within(heard, hearLimitMs, late)
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

  stuckWithin(ms: number): string | undefined {
    return this.#lockups.within(ms)
  }

  fault(): FctError {
    const judged = judgeConsole(this.#tail)
    if (judged instanceof KernelFault) return judged
    const reason = this.#reason ?? agentLost('')
    if (!lost.has(reason.code)) return reason
    const { code, message, detail } = reason
    return new TargetLost(code, message, detail === '' ? consoleTail(this.#tail) : detail)
  }

  /** Waits for a machine that has died, and asks it what its last words were. It boots meanwhile, if it has not yet. */
  async autopsy(into: string): Promise<Autopsy> {
    const { linkOptions, probe, ...rest } = this.#options
    const absence = { ...rest, options: linkOptions, bootsItself: probe.bootsItself, link: this.#link }
    const heard = 'text' in this.#witness ? this.#witness : undefined
    const { link, autopsy } = await askForLastWords(absence, this.#place.folder, heard, into)
    this.#link = link
    return autopsy
  }

  stop(): Promise<void> {
    return (this.#stopping ??= this.#leave())
  }

  async #leave(): Promise<void> {
    const link = this.#link
    this.residue = await residueOf(link, this.#place.folder)
    this.#console.destroy()
    this.#witness.end()
    link.close()
  }

  /** As far as the machine can say. */
  async #whyAgentEnded(): Promise<FctError> {
    const { folder } = this.#place
    const question = `df -Pk ${folder} | awk 'NR == 2 { print $4 }'; tail -n 20 ${folder}/agent.log`
    const asked = this.#link.run((connection) => connection.run(question))
    const answer = await within(asked, readyLimitMs, () => new Error('it does not answer')).catch(() => '')
    const [freeKiB, ...log] = answer.trimEnd().split('\n')
    if (freeKiB !== '0') return agentLost(log.join('\n'))
    const detail = `Make room in /var/tmp: the trace waits there until it has come here.\n${log.join('\n')}`
    return new FctError('FCT_TARGET_DISK_FULL', 'the disk there is full, and the agent has ended', detail)
  }
}

function agentLost(detail: string): FctError {
  return new FctError('FCT_AGENT_LOST', 'the agent there has ended', detail)
}

/** What else ends a run is trouble of our own. */
const lost: ReadonlySet<string> = new Set(['FCT_AGENT_LOST', 'FCT_TARGET_GONE', 'FCT_TARGET_REBOOTED'])
