import { execa } from 'execa'
import { expect, it } from 'vitest'
import { junitLines } from '../../../harness/export/junit.js'
import type { NightReport } from '../../../harness/export/night-report.js'
import { cleanNight, nasty, nastyNight } from './night.js'

/** Python is there for node-gyp; its expat is a parser that forgives nothing. */
const toJson = `
import json, sys
from xml.etree import ElementTree
def tell(element):
    return {"tag": element.tag, **element.attrib, "text": (element.text or "").strip("\\n "), "children": [tell(child) for child in element]}
print(json.dumps(tell(ElementTree.fromstring(sys.stdin.buffer.read()))))
`

interface Element extends Readonly<Record<string, unknown>> {
  readonly tag: string
  readonly text: string
  readonly children: readonly Element[]
}

async function parse(report: NightReport): Promise<Element> {
  const input = [...junitLines(report)].join('\n')
  const { stdout } = await execa('python3', ['-c', toJson], { input })
  return JSON.parse(stdout) as Element
}

it('is a suite per cell and a case per attempt, and counts them', async () => {
  const root = await parse(nastyNight)
  expect(root).toMatchObject({
    tag: 'testsuites',
    name: 'nightly',
    tests: '8',
    failures: '2',
    errors: '3',
    skipped: '1',
  })
  expect(root.children.map(({ tag, name, tests }) => [tag, name, tests])).toEqual([
    ['testsuite', 'debian:6.1 stock CLOSE01 qemu', '6'],
    ['testsuite', 'debian:6.1 stock scenarios/GC #1.yaml qemu a.patch', '1'],
    ['testsuite', 'debian:5.10 bare GC01 qemu', '1'],
  ])
  const cases = root.children[0]!.children.filter(({ tag }) => tag === 'testcase')
  expect(cases.map(({ name, children }) => [name, children[0]?.tag])).toEqual([
    ['seed 1', undefined],
    ['seed 2', 'failure'],
    ['seed 3', 'failure'],
    ['seed 4', 'error'],
    ['seed 4 attempt 2', undefined],
    ['seed 5', 'error'],
  ])
  expect(cases[0]).toMatchObject({ classname: 'debian:6_1.stock.qemu.CLOSE01', time: '62.500' })
  const [skipped] = root.children[1]!.children.filter(({ tag }) => tag === 'testcase')
  expect(skipped?.children[0]?.tag).toBe('skipped')
})

it("keeps the guest's text, but for what XML cannot hold", async () => {
  const root = await parse(nastyNight)
  const cases = root.children[0]!.children.filter(({ tag }) => tag === 'testcase')
  const failure = cases[2]!.children[0]!
  const kept = nasty
    .replaceAll('\r\n', '\n')
    .replace(/(?![\n\t])[\p{Cc}\p{Cs}\ufffe\uffff\u202e]/gu, '\ufffd')
  expect(failure['message']).toBe(`${kept} (free-at-zero, 2 times)`)
  expect(failure.text).toBe(`${kept} (free-at-zero, 2 times)`)
  expect(cases.every(({ children }) => children.every((child) => child.children.length === 0))).toBe(true)
})

it('says what is thought of the cell', async () => {
  const root = await parse(nastyNight)
  const said = root.children[0]!.children.find(({ tag }) => tag === 'system-out')
  expect(said?.text).toContain(
    'new: leak of an nfsd_file in debian:6.1 stock CLOSE01 qemu: 1 of 4 runs (25 %, 0.63 % to 81 % at 95 %); before 0 of 20 runs',
  )
})

it('of a clean night has neither failures nor words', async () => {
  const root = await parse(cleanNight)
  expect(root).toMatchObject({ tests: '3', failures: '0', errors: '0', skipped: '0' })
  expect(JSON.stringify(root)).not.toMatch(/"tag":"(failure|error|system-out)"/)
})
