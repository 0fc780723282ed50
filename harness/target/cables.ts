import { closeSync } from 'node:fs'
import { socketPair } from '../../addon/index.js'
import type { Wire } from '../../vms/qemu.js'
import { cardPrefix } from '../agent/protocol.js'

/** A cable from the server to each client machine; nobody on this host or outside of it can reach one. */
export interface Cables {
  readonly serverEnds: readonly number[]
  readonly clientEnds: readonly number[]
  /** For when the machines have theirs. Idempotent. */
  close(): void
}

export function layCables(count: number): Cables {
  const pairs = Array.from({ length: count }, () => socketPair())
  return {
    serverEnds: pairs.map(([end]) => end),
    clientEnds: pairs.map(([, end]) => end),
    close: () => {
      for (const end of pairs.splice(0).flat()) closeSync(end)
    },
  }
}

/** A server's network cards: with these ends in them, or with nothing. */
export function serverWires(machines: number, ends: readonly number[] = []): Wire[] {
  return Array.from({ length: machines }, (_, index) =>
    wire(`${cardPrefix}00:0${String(index + 1)}`, ends[index]),
  )
}

/** The network card of a client machine; its agent says later whose it is. */
export function clientWires(end?: number): Wire[] {
  return [wire(`${cardPrefix}01:00`, end)]
}

function wire(address: string, fd: number | undefined): Wire {
  return { address, ...(fd !== undefined && { fd }) }
}
