import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, expect, it } from 'vitest'
import { packageRoot } from '../../harness/folders.js'
import { runApart } from './apart.js'
import { rowsOfCase } from './bisect.js'
import { renderChart } from './chart.js'
import { renderDocument } from './document.js'
import { describeMachine, formatMachine } from './machine.js'
import { isMet, marginOf, ratioOf, type Row } from './row.js'
import { runBench, type Bench, type Outcome } from './run-bench.js'
import { renderTable } from './table.js'

const folder = mkdtempSync(join(tmpdir(), 'fct-test-bench-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const rate: Row = { what: 'decode', ours: 300, unit: 'M/s', better: 'more' }
const time: Row = { what: 'start', ours: 0.5, unit: 's', better: 'less' }
const peer = { name: 'other', value: 2 }

it.each<[string, Row, number | undefined, number | undefined, boolean | undefined]>([
  ['no peer and no bar', rate, undefined, undefined, undefined],
  ['a rate beside a peer', { ...rate, peer }, 150, undefined, undefined],
  ['a time beside a peer', { ...time, peer }, 4, undefined, undefined],
  ['a ratio that is met', { ...rate, peer, bar: { ratio: 100 } }, 150, 1.5, true],
  ['a ratio that is not', { ...time, peer, bar: { ratio: 5 } }, 4, 0.8, false],
  [
    'a ratio below one',
    { ...rate, peer: { name: 'other', value: 500 }, bar: { ratio: 0.5 } },
    0.6,
    1.2,
    true,
  ],
  ['a ratio to nobody', { ...rate, bar: { ratio: 2 } }, undefined, NaN, false],
  ['exactly what is asked for', { ...time, bar: { value: 0.5 } }, undefined, 1, true],
  ['too slow', { ...rate, bar: { value: 600 } }, undefined, 0.5, false],
  ['too long', { ...time, bar: { value: 0.4 } }, undefined, 0.8, false],
  ['nothing where nothing is allowed', { ...time, ours: 0, bar: { value: 0 } }, undefined, 1, true],
  ['something where nothing is allowed', { ...time, bar: { value: 0 } }, undefined, 0, false],
  [
    'less than can be told from nothing',
    { ...time, ours: -3, bar: { value: 20 } },
    undefined,
    Infinity,
    true,
  ],
  ['no number', { ...rate, ours: NaN, bar: { value: 1 } }, undefined, NaN, false],
])('judges %s', (_, row, ratio, margin, met) => {
  expect(ratioOf(row)).toBe(ratio)
  expect(marginOf(row)).toBe(margin)
  expect(isMet(row)).toBe(met)
})

const bench = (name: string, measure: Bench['measure'], needs = {}): Bench => ({ name, measure, needs })
const run = (one: Bench): Promise<Outcome> => runBench(one, () => undefined)

const hostile = '</text><script>alert(1)</script> & "\' \u0000\u001b[31m\u202e\uffff\ud800\n'.repeat(3)

/** One that works, and all that can go wrong. */
async function outcomes(): Promise<Outcome[]> {
  return [
    await run(
      bench('good', () => [{ ...rate, peer, bar: { ratio: 100 } }, { ...time, bar: { value: 0.4 } }, time]),
    ),
    await run(
      bench('breaks', async function* () {
        yield await Promise.resolve({ ...rate, what: 'before it broke', bar: { value: 200 } })
        throw new Error('the guest went away\nand more')
      }),
    ),
    await run(
      bench('lacks', () => expect.unreachable(), { packages: ['fctorture-has-no-such-package', 'dpkg'] }),
    ),
    await run(bench('large', () => expect.unreachable(), { scratchMiB: 2 ** 40 })),
    await run(
      bench(hostile, function* () {
        yield {
          ...({ what: hostile, ours: Infinity, unit: hostile, better: 'more' } as const),
          ...{ peer: { name: hostile, value: NaN }, bar: { ratio: 2 } },
        }
        throw new Error(hostile)
      }),
    ),
  ]
}

it('keeps what was measured before a bench broke, and says what is lacking', async () => {
  const [good, breaks, lacks, large] = await outcomes()
  expect(good).toMatchObject({ name: 'good', rows: { length: 3 } })
  expect(good?.failure).toBeUndefined()
  expect(good?.load.before).toHaveLength(3)
  expect(breaks).toMatchObject({
    rows: [{ what: 'before it broke' }],
    failure: { kind: 'failed', reason: 'the guest went away\nand more' },
  })
  expect(lacks?.failure).toEqual({
    kind: 'lacking',
    reason: 'not installed: apt-get install --no-install-recommends fctorture-has-no-such-package',
  })
  expect(large?.failure).toMatchObject({
    kind: 'lacking',
    reason: expect.stringMatching(/MiB free, \d+ are needed/) as string,
  })
})

it('keeps what was measured before the process of a bench died', async () => {
  const program = join(folder, 'dies.mjs')
  const row = { ...rate, ours: Infinity }
  writeFileSync(
    program,
    `process.send({ row: ${JSON.stringify(rate)} })
     process.send({ row: { ...${JSON.stringify(rate)}, ours: Infinity } }, () => process.kill(process.pid, 'SIGKILL'))`,
  )
  const heard: Row[] = []
  const outcome = await runApart(program, 'dies', (one) => heard.push(one))
  expect(outcome).toMatchObject({
    name: 'dies',
    rows: [rate, row],
    failure: { kind: 'failed', reason: 'its process ended with SIGKILL' },
  })
  expect(heard).toEqual(outcome.rows)
})

it('prints a table with a line a row, whatever is in it', async () => {
  const table = renderTable(await outcomes())
  const lines = table.split('\n')
  expect(lines[0]).toMatch(/^bench +what +ours +peer +ratio +bar +met$/)
  expect(lines[1]).toMatch(/^good +decode +300 M\/s +other: 2 M\/s +150 x +>= 100 x +yes$/)
  expect(lines[2]).toMatch(/^good +start +0\.5 s +<= 0\.4 s +NO$/)
  expect(lines[3]).toMatch(/^good +start +0\.5 s$/)
  expect(lines[5]).toMatch(/^breaks +FAILED: the guest went away$/)
  expect(lines[6]).toMatch(/^lacks +NOT MEASURED: not installed: /)
  expect(lines[10]).toBe('')
  expect(table).not.toMatch(/(?!\n)\p{Cc}|\u202e/u)
})

it('writes a document that says the same', async () => {
  const machine = await describeMachine()
  const text = renderDocument({ began: '2026-01-01T00:00:00.000Z', machine }, await outcomes())
  const { schema, benches, ...rest } = JSON.parse(text) as { schema: number; benches: object[] }
  expect(schema).toBe(1)
  expect(rest).toEqual({ began: '2026-01-01T00:00:00.000Z', machine })
  expect(benches).toMatchObject([
    {
      name: 'good',
      failure: null,
      rows: [
        { what: 'decode', peer, bar: { ratio: 100 }, ratio: 150, margin: 1.5, met: true },
        { what: 'start', peer: null, bar: { value: 0.4 }, ratio: null, margin: 0.8, met: false },
        { what: 'start', bar: null, margin: null, met: null },
      ],
    },
    { failure: { kind: 'failed' }, rows: [{ met: true }] },
    { failure: { kind: 'lacking' }, rows: [] },
    { failure: { kind: 'lacking' }, rows: [] },
    { name: hostile, rows: [{ what: hostile, ours: null, met: false }] },
  ])
})

/** What a parser of XML finds in a picture. */
const look = `
import sys, json, xml.etree.ElementTree as tree
root = tree.parse(sys.argv[1]).getroot()
texts = [''.join(one.itertext()) for one in root.iter('{http://www.w3.org/2000/svg}text')]
bars = [dict(one.attrib) for one in root.iter('{http://www.w3.org/2000/svg}rect')][1:]
print(json.dumps({'tags': sorted({one.tag.split('}')[1] for one in root.iter()}), 'texts': texts, 'bars': bars}))`

interface Picture {
  readonly tags: readonly string[]
  readonly texts: readonly string[]
  readonly bars: readonly { readonly x: string; readonly width: string }[]
}

async function draw(those: readonly Outcome[]): Promise<Picture> {
  const path = join(folder, 'bench.svg')
  writeFileSync(path, renderChart({ began: 'now', machine: await describeMachine() }, those))
  expect(readFileSync(path, 'utf8')).not.toMatch(/href|@import|url\(/)
  const { stdout } = await execa('python3', ['-c', look, path])
  return JSON.parse(stdout) as Picture
}

it('draws a picture without anything from elsewhere, whatever is in it', async () => {
  const { tags, texts, bars } = await draw(await outcomes())
  expect(tags).toEqual(['line', 'rect', 'svg', 'text', 'title'])
  expect(texts).toEqual(
    expect.arrayContaining([
      'good: decode',
      'met: 150 x (>= 100 x)',
      'MISSED: 0.5 s (<= 0.4 s)',
      'breaks: FAILED: the guest went away',
    ]),
  )
  // Rows with a bar: two, one, and one of which nothing is known.
  expect(bars).toHaveLength(4)
  for (const { x, width } of bars) {
    expect(Number(x)).toBeGreaterThanOrEqual(470)
    expect(Number(x) + Number(width)).toBeLessThanOrEqual(470 + 420)
  }
})

it('draws what is met to the right of the bar, what is missed to its left, and nothing beyond the edges', async () => {
  const rows = [10, 0.1, 1, Infinity, 0].map((ours) => ({ ...rate, ours, bar: { value: 1 } }))
  const { bars } = await draw([await run(bench('scale', () => rows))])
  const places = bars.map(({ x, width }) => [Number(x), Number(width)])
  expect(places).toEqual([
    [680, 105],
    [575, 105],
    [680, 2],
    [680, 210],
    [470, 210],
  ])
})

it('measures for real', async () => {
  const world = { kind: 'linear', size: 60, rate: 0.1, errorRate: 0.05, unbuildable: 0.02 } as const
  const outcome = await run(
    bench('bisect', () => rowsOfCase({ ...world, searches: 20, confidence: 0.9, seed: 1 })),
  )
  expect(outcome.failure).toBeUndefined()
  for (const row of outcome.rows) expect(row.ours).toBeGreaterThan(0)
  const judged = outcome.rows.filter(({ bar }) => bar !== undefined)
  expect(judged.map(({ unit }) => unit)).toEqual(['runs', 'runs', 'of 1', 'of 1'])
  const { texts } = await draw([outcome])
  expect(texts.filter((text) => /^(met|MISSED): /.test(text))).toHaveLength(4)
})

it('goes on with the next one, writes what it has, and tells by its exit status', async () => {
  const program = join(packageRoot, 'dist', 'test', 'bench', 'bench.js')
  const env = { TMPDIR: join(folder, 'not-there') }
  const args = ['store', 'oracle', '--out', join(folder, 'out')]
  const { exitCode, stdout } = await execa(process.execPath, [program, ...args], { reject: false, env })
  expect(exitCode).toBe(1)
  expect(stdout).toMatch(/^store +FAILED: ENOENT.*\noracle +FAILED: ENOENT/m)
  const { benches } = JSON.parse(readFileSync(join(folder, 'out', 'bench.json'), 'utf8')) as {
    benches: object[]
  }
  expect(benches).toMatchObject([{ name: 'store' }, { name: 'oracle' }])
  expect(readFileSync(join(folder, 'out', 'bench.svg'), 'utf8')).toContain('oracle: FAILED')
})

it('names the machine', async () => {
  expect(formatMachine(await describeMachine())).toMatch(
    /^\d+ x .+, \d+ MiB, Linux \S+, Node v\d+\S+, QEMU .+, guests under /,
  )
})
