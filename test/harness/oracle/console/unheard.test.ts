import { expect, it } from 'vitest'
import { splitConsole } from '../../../../harness/oracle/console/split-console.js'
import { insertUnheard } from '../../../../harness/oracle/console/unheard.js'

const begin = "--- not shown by the console, but in the guest's memory:"
const end = '--- shown by the console:'
const line = (second: number, text: string): string => `[    ${String(second)}.000000] ${text}\n`
const boot = line(0, 'Linux version 6.1') + line(1, 'ready')

it('leaves a console alone that shows all', () => {
  const console = `${boot}a program speaks\n${line(2, 'last')}`
  expect(insertUnheard(console, boot + line(2, 'last'))).toBe(console)
})

it('knows a line again that says who printed it, or ends as serial lines do', () => {
  const console = '[    1.000000][    T1] ready\r\r\n[    2.000000][    C0] last\r\n'
  expect(insertUnheard(console, line(1, 'ready') + line(2, 'last'))).toBe(
    console.replaceAll(/\r+\n/g, '\n').replaceAll(/\r/g, ''),
  )
})

it('puts what was not shown where it belongs, with marks around it', () => {
  const [quiet, last] = [line(2, 'quiet'), line(3, 'last')]
  expect(insertUnheard(boot + last, boot + quiet + last)).toBe(`${boot}${begin}\n${quiet}${end}\n${last}`)
})

it('puts what came later behind the last that was shown, and before a line that is cut', () => {
  const lost = line(3, 'lost')
  expect(insertUnheard(`${boot}[    3.0000`, boot + lost)).toBe(`${boot}${begin}\n${lost}${end}\n[    3.0000`)
})

it('lets a splat be found that only memory has', () => {
  const splat = line(5, 'WARNING: CPU: 0 PID: 1 at fs/nfsd/filecache.c:10 nfsd_file_put+0x1/0x2 [nfsd]')
  expect(splitConsole(boot)).toEqual([])
  expect(splitConsole(insertUnheard(boot, boot + splat))).toMatchObject([{ firstLine: 3 }])
})
