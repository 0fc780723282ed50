import { createInterface } from 'node:readline'
import { PassThrough } from 'node:stream'

const report =
  /watchdog: BUG: soft lockup|rcu: INFO: \w+ (?:self-detected stall on CPU|detected stalls on CPUs)/
/** One may be a host that was too busy to run the guest. The kernel reports about every 25 s. */
const convincing = 3

/** Resolves with a line of the console when the kernel has said that often that a CPU is stuck. */
export function awaitLockup(onConsole: (listener: (chunk: Uint8Array) => void) => void): Promise<string> {
  const text = new PassThrough()
  onConsole((chunk) => void text.write(chunk))
  return new Promise((resolve) => {
    let reports = 0
    createInterface({ input: text, crlfDelay: Infinity }).on('line', (line) => {
      if (report.test(line) && ++reports === convincing) resolve(line.trim())
    })
  })
}
