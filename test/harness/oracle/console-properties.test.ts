import { describe, expect, it } from 'vitest'
import { kernelLines, readConsoleLines } from '../../../harness/oracle/console/console-lines.js'
import { splitConsole } from '../../../harness/oracle/console/split-console.js'
import { consoleNames, readConsole } from './consoles.js'

function kindsOf(text: string): Set<string> {
  return new Set(splitConsole(text).map(({ kind }) => kind))
}

/** Where `text` may break off: after every line, and anywhere in the lines by which a splat is known. */
function cutsOf(text: string): number[] {
  const heads = new Set(
    splitConsole(text).flatMap(({ firstLine }) => [firstLine, firstLine + 1, firstLine + 2, firstLine + 3]),
  )
  const cuts: number[] = []
  let start = 0
  for (const [number, line] of text.split('\n').entries()) {
    if (heads.has(number))
      cuts.push(...Array.from({ length: Math.min(line.length, 160) }, (_, at) => start + at))
    cuts.push(start + line.length, start + line.length + 1)
    start += line.length + 1
  }
  return cuts
}

/** What the kernel said of one splat, without stamps. */
function messagesOf(splatText: string): string[] {
  return kernelLines(readConsoleLines(splatText)).map(({ message }) => message)
}

/** CONFIG_PRINTK_CALLER's form. */
function printBy(caller: string, messages: readonly string[]): string[] {
  return messages.map(
    (message, nth) => `[   50.${String(nth * 3).padStart(6, '0')}][${caller.padStart(6)}] ${message}`,
  )
}

/** Both in their own order, one line of each after the other, or runs of 1 to 4 lines. */
function weave(one: readonly string[], other: readonly string[], runs: boolean): string {
  const [rest, woven] = [[[...one], [...other]], [] as string[]]
  for (let turn = 0; rest.some((lines) => lines.length > 0); turn++) {
    woven.push(...(rest[turn % 2]?.splice(0, runs ? 1 + ((turn * 7) % 4) : 1) ?? []))
  }
  return `${woven.join('\n')}\n`
}

function insertBetween(text: string, garbage: string): string {
  return text.replace(/\n(?!$)/g, `\n${garbage}\n`)
}

describe('a console that breaks off', () => {
  it.each(consoleNames)('tells nothing that the whole of %s does not tell', (name) => {
    const text = readConsole(name)
    const whole = kindsOf(text)
    const invented = cutsOf(text)
      .map((at) => ({ at, kinds: kindsOf(text.slice(0, at)) }))
      .flatMap(({ at, kinds }) => [...kinds].filter((kind) => !whole.has(kind)).map((kind) => ({ at, kind })))
    expect(invented).toEqual([])
  })
})

describe('splats of two callers, line by line', () => {
  // Not panics: after a splat they may be its consequence, whoever prints them.
  const splats = consoleNames.flatMap((name) =>
    splitConsole(readConsole(name))
      .filter(({ kind }) => kind !== 'panic')
      .map(({ text }) => messagesOf(text))
      .map((messages, nth) => ({ name: `${name} (${String(nth + 1)})`, messages }))
      .filter(({ messages }) => splitConsole(printBy('T1', messages).join('\n') + '\n').length === 1),
  )

  it.each(splats.map(({ name, messages }, nth) => [name, messages, nth] as const))(
    'are both there: %s and its neighbours',
    (_name, messages, nth) => {
      const mine = printBy('T1', messages)
      for (const distance of [1, 17, 41]) {
        const theirs = printBy('C0', splats[(nth + distance) % splats.length]?.messages ?? [])
        const alone = [mine, theirs].flatMap((lines) => splitConsole(`${lines.join('\n')}\n`))
        const signatures = alone.map(({ signature }) => signature).sort()
        for (const runs of [false, true]) {
          const woven = splitConsole(weave(mine, theirs, runs))
          expect(woven.map(({ signature }) => signature).sort()).toEqual(signatures)
        }
      }
    },
  )
})

describe('garbage between the lines', () => {
  const marked = consoleNames.filter((name) =>
    readConsoleLines(readConsole(name)).some((line) => line.isMarked),
  )

  it.each(consoleNames)('changes nothing that %s tells: bytes that are no text', (name) => {
    const text = readConsole(name)
    const told = splitConsole(text).map(({ kind, signature, second }) => ({ kind, signature, second }))
    expect(splitConsole(insertBetween(text, '\0\u0001\uFFFD\u001B[31m\u0007'))).toMatchObject(told)
  })

  it.each(marked)('changes nothing that %s tells: what programs print', (name) => {
    const text = readConsole(name)
    const told = splitConsole(text).map(({ kind, signature, second }) => ({ kind, signature, second }))
    for (const noise of [
      'agent: BUG: none',
      'BUG: a program says so',
      '\uFFFD\uFFFD[  1',
      '==================',
    ]) {
      const noisy = splitConsole(insertBetween(text, noise))
      expect(noisy.map(({ kind, signature, second }) => ({ kind, signature, second }))).toEqual(told)
    }
  })
})
