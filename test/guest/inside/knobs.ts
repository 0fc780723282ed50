/** The module's files in debugfs, and how fast a number in them grows. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { readDebugfs, writeDebugfs } from '../../../addon/index.js'
import { parseCapabilities } from '../../../harness/agent/capabilities.js'
import { readCapabilities } from '../../../harness/agent/guest/test-module.js'

const debugfs = '/sys/kernel/debug/fctorture'
const momentMs = 500

export function set(path: string, value: number | string): void {
  writeDebugfs(join(debugfs, path), String(value))
}

export function statsOf(): Record<string, string> {
  const lines = readDebugfs(join(debugfs, 'stats')).trim().split('\n')
  return Object.fromEntries(lines.map((line) => [line.split(' ')[0] ?? '', line]))
}

/** A number that stands alone on its line. */
export function counted(name: string): number {
  return Number(statsOf()[name]?.split(' ')[1])
}

/** All that is counted of one stressor, by name. */
export function countsOf(stressor: string): Record<string, number> {
  const words = (statsOf()[stressor] ?? '').split(' ').slice(1)
  return Object.fromEntries(
    words.flatMap((word, index) => (index % 2 === 0 ? [[word, Number(words[index + 1])]] : [])),
  )
}

/** Each of the points at functions, or at tracepoints, delays by nothing whenever nfsd comes by. */
export function injectAt(at: 'functions' | 'tracepoints'): void {
  for (const point of parseCapabilities(readCapabilities()).points) {
    if (point.startsWith('entry_') !== (at === 'functions')) continue
    set(`inject/${point}/mode`, 1)
    set(`inject/${point}/rate_ppm`, 1_000_000)
  }
  set('inject/budget_us', 1_000_000)
}

export const acquires = (): number => countsOf('synthetic')['useful'] ?? 0

/**
 * How fast a number grows at most, per second: whatever else this machine's host does only slows it down. The time that
 * reading the number takes belongs to the moment, so that no delay there makes it look faster.
 */
export async function highestRateOf(count: () => number, seconds: number): Promise<number> {
  let highest = 0
  const end = performance.now() + seconds * 1000
  while (performance.now() < end) {
    const began = performance.now()
    const before = count()
    await delay(momentMs)
    const grown = count() - before
    highest = Math.max(highest, (grown * 1000) / (performance.now() - began))
  }
  return highest
}

/** Whether events of nfsd's files go to the common ring buffer. */
export function observe(isOn: boolean): Promise<void> {
  return writeFile('/sys/kernel/tracing/events/fctorture/fct_file/enable', isOn ? '1' : '0')
}
