import { spawnSync } from 'node:child_process'
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TraceMetadata } from '../../harness/agent/protocol.js'

/**
 * Why this machine cannot trace itself; empty if it can. Said aloud, for a skipped test must not pass unseen.
 */
export const obstacle = findObstacle()

function findObstacle(): string {
  const reason = process.getuid?.() === 0 ? tryToMount() : 'it needs root'
  if (reason !== '')
    console.warn(`\n*** SKIPPED: the trace reader's tests on this host's tracefs: ${reason} ***\n`)
  return reason
}

function tryToMount(): string {
  const folder = mountTracefs()
  if (folder === undefined) return 'tracefs cannot be mounted'
  unmountTracefs(folder)
  return ''
}

function mountTracefs(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'fct-tracefs-'))
  if (spawnSync('mount', ['-t', 'tracefs', 'nodev', folder]).status === 0) return folder
  rmdirSync(folder)
  return undefined
}

function unmountTracefs(folder: string): void {
  spawnSync('umount', [folder])
  rmdirSync(folder)
}

/** A tracing instance of this host that nobody else uses, on a mount of its own. */
export class PrivateInstance {
  readonly #mount: string
  readonly folder: string
  #marker: number | undefined

  constructor(name: string) {
    const mount = mountTracefs()
    if (mount === undefined) throw new Error('tracefs cannot be mounted')
    this.#mount = mount
    this.folder = join(mount, 'instances', `fct-test-${name}-${process.pid}`)
    mkdirSync(this.folder)
    // Pages of it are in the way of no other test, and a strict order over all CPUs is what runs use.
    this.write('trace_clock', 'counter')
  }

  read(...path: string[]): string {
    return readFileSync(join(this.folder, ...path), 'utf8')
  }

  write(path: string, value: string): void {
    writeFileSync(join(this.folder, path), value)
  }

  /** Writes a line into the trace, on the CPU that this thread happens to be on. */
  mark(text: string): void {
    this.#marker ??= openSync(join(this.folder, 'trace_marker'), 'w')
    writeSync(this.#marker, `${text}\n`)
  }

  /** Sum over the CPUs of a counter of per_cpu/cpuN/stats. */
  count(counter: string): number {
    const cpus = readdirSync(join(this.folder, 'per_cpu'))
    const values = cpus.map((cpu) =>
      new RegExp(`^${counter}: (\\d+)$`, 'm').exec(this.read('per_cpu', cpu, 'stats')),
    )
    return values.reduce((sum, match) => sum + Number(match?.[1]), 0)
  }

  /** The events of a system, as `system:name`. */
  events(system: string): string[] {
    const entries = readdirSync(join(this.folder, 'events', system), { withFileTypes: true })
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => `${system}:${name}`)
  }

  metadata(events: readonly string[]): TraceMetadata {
    const formats = events.map((event) => {
      const [system = '', name = ''] = event.split(':')
      return { system, name, text: this.read('events', system, name, 'format') }
    })
    return {
      headerPage: this.read('events', 'header_page'),
      headerEvent: this.read('events', 'header_event'),
      clock: 'counter',
      formats,
      cpus: readdirSync(join(this.folder, 'per_cpu')).length,
      pageSize: 4096,
    }
  }

  /** @throws EBUSY if somebody still has one of its files open. */
  remove(): void {
    if (this.#marker !== undefined) closeSync(this.#marker)
    this.#marker = undefined
    rmdirSync(this.folder)
    unmountTracefs(this.#mount)
  }
}
