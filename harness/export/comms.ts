import type { Trace } from '../decode/load-trace.js'
import { oneLine } from './one-line.js'

/** A task's name, as trace-cmd has it: `<idle>` for pid 0, `<...>` if the kernel had not saved it. */
export function commFinder({ comms }: Trace): (pid: number) => string {
  const names = new Map(Object.entries(comms).map(([pid, comm]) => [Number(pid), oneLine(comm)]))
  return (pid) => (pid === 0 ? '<idle>' : (names.get(pid) ?? '<...>'))
}
