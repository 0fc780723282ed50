import { kernelLines, readConsoleLines, type ConsoleLine } from './console-lines.js'

/** What the test module has printed; nothing if it never came in. */
export function moduleLines(console: string): ConsoleLine[] {
  return kernelLines(readConsoleLines(console)).filter(({ message }) => message.startsWith('fctorture: '))
}
