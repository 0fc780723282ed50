import { describe, expect, it } from 'vitest'
import { isStep, type ObjectLife } from '../../../harness/oracle/object-life.js'
import { judge } from '../../../harness/oracle/oracle.js'
import { lifeLines } from '../../../harness/report/evidence-files.js'
import { codePath } from '../../../harness/report/life-rows.js'
import { drawLife } from '../../../harness/report/life-picture.js'
import { readRealTrace } from '../real-trace.js'
import { TraceBuilder } from '../trace-builder.js'

/** The life that the first finding is about. */
function lifeOf(builder: TraceBuilder, comms: Record<number, string> = {}): ObjectLife {
  const trace = { ...builder.build(), comms }
  const { findings } = judge({ trace, coverage: 'whole', console: '', filecache: [], stressors: [] })
  expect(findings[0]?.life).toBeDefined()
  return findings[0]!.life!
}

/** The pieces of an SVG that the tests look at. */
function readPicture(svg: string) {
  const all = (pattern: RegExp): string[] => [...svg.matchAll(pattern)].map(([, text = '']) => text)
  return {
    lanes: all(/<g class="lane"><text [^>]*>([^<]*)</g),
    /** [class, title, name, x, y, count] */
    steps: [
      ...svg.matchAll(
        /<g class="(step[^"]*)"><title>([^<]*)<\/title>\n<line[^>]*>\n<text[^>]*>([^<]*)<\/text>\n<circle cx="(\d+)" cy="(\d+)"[^>]*><text[^>]*>([^<]*)</g,
      ),
    ].map(([, kind, title, name, x, y, ref]) => ({ kind, title, name, x: Number(x), y: Number(y), ref })),
    broken: all(/<rect class="broken" x="(\d+)"/g).map(Number),
    leftOut: all(/<g class="left-out">[^]*?<text[^>]*>([^<]*)</g),
    lists: [...svg.matchAll(/<g class="list (\w+)"><rect x="(\d+)" y="\d+" width="(\d+)"/g)].map(
      ([, list, x, width]) => ({ list, from: Number(x), to: Number(x) + Number(width) }),
    ),
    times: all(/<text class="time"[^>]*>([^<]*)</g),
  }
}

/** Whether every element that is opened is closed, in order. */
function isBalanced(xml: string): boolean {
  const open: string[] = []
  for (const [, slash, name = '', , empty] of xml.matchAll(/<(\/?)([\w:]+)((?:\s[^<>]*?)?)(\/?)>/g)) {
    if (slash === '/') {
      if (open.pop() !== name) return false
    } else if (empty !== '/') open.push(name)
  }
  return open.length === 0
}

const freedAndUsed = (): TraceBuilder =>
  new TraceBuilder()
    .at(2000)
    .gcLife(1, 812)
    .gcLife(2)
    .at(4500)
    .dispose()
    .file('nfsd_file_acquire', { pid: 815, cpu: 1 })

describe('the picture of a life', () => {
  it('has a lane per task, a step per event to the right, and the broken one marked in its lane', () => {
    const svg = drawLife(lifeOf(freedAndUsed(), { 812: 'nfsd', 815: 'nfsd' })).text
    const { lanes, steps, broken, lists, times } = readPicture(svg)
    expect(lanes).toEqual(['nfsd/812', '50', '51', 'nfsd/815'])
    expect(steps.map(({ name, ref }) => `${name} ${ref}`)).toEqual([
      'alloc 1',
      'open 1',
      'acquire 1',
      'put 1',
      'lru_add 1',
      'unhash 0',
      'gc_disposed 0',
      'free 0',
      'acquire 1',
    ])
    const last = steps.at(-1)!
    expect(steps.filter(({ kind }) => kind === 'step marked')).toEqual([last])
    expect(last.title).toBe('nfsd_file_acquire at 4.500, nfsd/815 on CPU 1, ref 1, HASHED|GC')
    expect(broken).toEqual([last.x - 15])
    expect(steps.map(({ x }) => x)).toEqual(steps.map(({ x }) => x).toSorted((a, b) => a - b))
    expect(new Set(steps.map(({ y }) => y)).size).toBe(4)
    expect(last.y).toBeGreaterThan(steps[0]!.y)
    expect(lists).toEqual([
      { list: 'LRU', from: steps[4]!.x, to: steps[5]!.x + 15 },
      { list: 'dispose', from: steps[6]!.x, to: steps[6]!.x + 15 },
    ])
    expect(times).toEqual(['2.000', '4.500'])
  })

  it('is a file that is well formed, wants nothing from elsewhere, and has a palette for light and for dark', () => {
    const svg = drawLife(lifeOf(freedAndUsed())).text
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" /)
    expect(isBalanced(svg)).toBe(true)
    expect(svg).not.toMatch(/href|url\(|var\(/)
    const [before = '', dark = ''] = svg.split('@media screen and (prefers-color-scheme: dark)')
    const colours = (css: string): string[] => css.match(/#[0-9a-f]{6}/g) ?? []
    expect(new Set(colours(before)).size).toBeGreaterThan(5)
    expect(colours(dark)).toHaveLength(colours(before).length)
    expect(colours(dark)).not.toEqual(colours(before))
  })

  it('takes no name of a task for markup', () => {
    const { text } = drawLife(lifeOf(freedAndUsed(), { 815: '<script>"&' }))
    expect(isBalanced(text)).toBe(true)
    expect(text).not.toContain('<script')
    expect(readPicture(text).lanes.at(-1)).toBe('&lt;script&gt;&quot;&amp;/815')
  })

  it('has a lane per CPU where there are too many tasks', () => {
    const builder = new TraceBuilder().gcLife()
    for (let pid = 200; pid < 220; pid++) builder.file('nfsd_file_acquire', { pid, cpu: pid % 2 })
    const { lanes, steps } = readPicture(drawLife(lifeOf(builder.file('nfsd_file_put', { ref: 0 }))).text)
    expect(lanes).toEqual(['CPU 0', 'CPU 1'])
    expect(new Set(steps.map(({ y }) => y)).size).toBe(2)
  })

  it('leaves out the middle of a life of 10,000 events, and says how much', () => {
    const builder = new TraceBuilder().gcLife()
    for (let i = 0; i < 5000; i++) builder.use()
    builder.file('nfsd_file_put', { ref: 0 })
    for (let i = 0; i < 500; i++) builder.use()
    const life = lifeOf(builder)
    const { steps, leftOut, broken } = readPicture(drawLife(life).text)
    const total = 5 + 10_000 + 1 + 1000
    expect(life.count).toBe(total)
    expect(steps.length).toBeLessThanOrEqual(100)
    const counts = leftOut.map((text) =>
      Number(/^([\d,]+) events left out$/.exec(text)![1]!.replaceAll(',', '')),
    )
    expect(counts).toHaveLength(2)
    expect(counts.reduce((sum, count) => sum + count, steps.length)).toBe(total)
    expect(broken).toHaveLength(1)
    expect(steps.filter(({ kind }) => kind === 'step marked')).toHaveLength(1)
  })

  it('shows that an object was freed on the LRU, in a real run with a put too many', () => {
    const life = lifeOf(readRealTrace('debian-6.1.192-extra-put'))
    const broken = life.parts.filter(isStep).find(({ isBroken }) => isBroken)
    expect(broken).toMatchObject({ operation: 'nfsd_file_gc_referenced', ref: 0, list: 'LRU' })
    const { steps, lists } = readPicture(drawLife(life).text)
    const freed = steps.find(({ name }) => name === 'free')
    expect(lists).toMatchObject([{ list: 'LRU' }])
    expect(lists[0]!.to).toBeGreaterThan(freed!.x)
    expect(steps.at(-1)).toMatchObject({ name: 'gc_in_use', ref: 'sat' })
  })
})

describe('the table of a life', () => {
  it('has time, CPU, task, operation, count, flags and list of each step, and marks the broken one', () => {
    const lines = lifeLines(lifeOf(freedAndUsed(), { 812: 'nfsd' }))
    expect(lines).toEqual([
      '   second  CPU  task      operation              ref  flags                 list',
      '   2.000   0    nfsd/812  nfsd_file_alloc        1    HASHED|PENDING|GC',
      '   2.000   0    nfsd/812  nfsd_file_open         1    HASHED|PENDING|GC',
      '   2.000   0    nfsd/812  nfsd_file_acquire      1    HASHED|GC',
      '   2.000   0    nfsd/812  nfsd_file_put          1    HASHED|GC',
      '   2.000   0    nfsd/812  nfsd_file_lru_add      1    HASHED|REFERENCED|GC  LRU',
      '   4.500   0    50        nfsd_file_unhash       0    GC                    LRU',
      '   4.500   0    50        nfsd_file_gc_disposed  0    GC                    dispose list',
      '   4.500   0    51        nfsd_file_free         0    GC',
      '>  4.500   1    815       nfsd_file_acquire      1    HASHED|GC',
    ])
  })

  it('tells the lives at one address apart, and shows that before one whose birth is the defect', () => {
    const again = freedAndUsed().gcLife(1, 900).use(1, 900).file('nfsd_file_put', { pid: 900, ref: 0 })
    const trace = again.build()
    const { findings } = judge({ trace, coverage: 'whole', console: '', filecache: [], stressors: [] })
    expect(findings.map(({ rule, life }) => [rule, life?.object, life?.count])).toEqual([
      ['event-after-free', '0xffff888004100100#1', 9],
      ['use-at-zero', '0xffff888004100100#2', 8],
    ])
    const reborn = lifeOf(new TraceBuilder().gcLife().file('nfsd_file_alloc'))
    expect(reborn).toMatchObject({ object: '0xffff888004100100#1', count: 6 })
    expect(reborn.parts.at(-1)).toMatchObject({ operation: 'nfsd_file_alloc', isBroken: true })
  })
})

describe('the code path', () => {
  it('is what the task did to the object up to the broken step', () => {
    expect(codePath(lifeOf(freedAndUsed()))).toBe('815 on CPU 1: nfsd_file_acquire')
    const { parts } = lifeOf(readRealTrace('debian-6.1.192-extra-put'))
    const put = parts.filter(isStep).find(({ operation }) => operation === 'nfsd_file_free')!
    const marked = parts.map((part) => ({ ...part, isBroken: part === put }))
    expect(codePath({ ...lifeOf(freedAndUsed()), parts: marked })).toBe(
      '215 on CPU 1: ..., nfsd_file_acquire, nfsd_file_put, nfsd_file_acquire, nfsd_file_put, ' +
        'nfsd_file_put, nfsd_file_lru_add, nfsd_file_put, nfsd_file_free',
    )
  })
})
