import { readFileSync } from 'node:fs'
import pc from 'picocolors'
import { describe, expect, it } from 'vitest'
import { splitConsole } from '../../../harness/oracle/console/split-console.js'
import type { ObjectLife } from '../../../harness/oracle/object-life.js'
import { evidenceFiles } from '../../../harness/report/evidence-files.js'
import type { ReportExtras } from '../../../harness/report/extras.js'
import { renderHtml } from '../../../harness/report/html.js'
import { summarize } from '../../../harness/report/summary.js'
import type { ResultDocument } from '../../../harness/verdict/result.js'
import { fixturesFolder } from '../fixtures.js'

const splatText = readFileSync(`${fixturesFolder('consoles')}/warn-lru-not-empty.txt`, 'utf8')
const splats = splitConsole(splatText)

const passed: ResultDocument = {
  schema: 1,
  verdict: 'PASS',
  exit: 0,
  run: 'runs/20260101T000000Z-CLOSE01-42',
  scenario: 'CLOSE01',
  seed: 42,
  kernel: {
    name: 'debian:6.1',
    release: '6.1.0-56-amd64',
    hash: 'abc',
    flavour: 'lru-holds-ref',
    build: { kernel: 'package', nfsd: 'rebuilt alone', reason: 'the patches touch fs/nfsd only' },
    profile: 'stock',
    patches: ['fix.patch'],
  },
  target: { kind: 'qemu', accel: 'tcg' },
  guestSeconds: 30,
  events: { produced: 123_456, read: 123_456, lost: 0, unexplained: 0 },
  stressors: { close: { called: 9000, useful: 3000, raced: 12 } },
  exposure: { 'close*acquire': 12_345, 'close*gc': 7, 'gc*gc': 0 },
  rules: {
    applied: ['free-at-zero'],
    notApplied: [{ id: 'idle-disposed', reason: 'only 1.0 s without load' }],
  },
  findings: [],
  live: { gaveUp: null, withdrawn: [] },
  reasons: [],
}

const failed: ResultDocument = {
  ...passed,
  verdict: 'FAIL',
  exit: 1,
  events: { produced: null, read: 99, lost: null, unexplained: null },
  findings: [
    {
      rule: 'event-after-free',
      signature: 'event-after-free: nfsd_file_put after nfsd_file_free',
      count: 3,
      firstGuestSecond: 3.14,
      object: '0xffff888004100100#2',
      evidence: 'nfsd_file_put on an object that had been freed\n>  3.140 nfsd_file_put <0>',
    },
    {
      rule: 'console-splat',
      signature: `console-splat: ${splats[0]?.signature ?? ''}`,
      count: 1,
      firstGuestSecond: 31.4,
      evidence: splats[0]?.text ?? '',
    },
  ],
  reasons: [
    { code: 'FCT_ORACLE_FINDING', message: 'event-after-free: nfsd_file_put after nfsd_file_free (3 times)' },
    { code: 'FCT_TRACE_UNACCOUNTED', message: 'the target could not say how many events it had produced' },
  ],
}

const step = {
  row: 6,
  second: 3.139,
  stamp: '6',
  cpu: 0,
  pid: 51,
  comm: '',
  list: 'none',
  isBroken: false,
} as const
const life: ObjectLife = {
  object: '0xffff888004100100#2',
  key: 'nfsd_file',
  inode: '0xffff888005200100',
  count: 9002,
  parts: [
    { leftOut: 9000 },
    { ...step, operation: 'nfsd_file_free', ref: 0, flags: 'GC' },
    {
      ...step,
      second: 3.14,
      pid: 212,
      comm: 'nfsd<0>',
      isBroken: true,
      operation: 'nfsd_file_put',
      ref: -1,
      flags: '',
    },
  ],
}

const extras: ReportExtras = {
  reportPath: 'runs/1/report.html',
  operations: { read: 3000, write: 150 },
  errors: { 'rename ESTALE': 2 },
  pairs: ['close*acquire'],
  notes: [{ id: 'free-at-zero', note: 'seen through a note' }],
  parameters: { 'close.gap_us': 200 },
  repeat: 'npx fctorture run CLOSE01 --seed 42',
  lives: new Map([['event-after-free: nfsd_file_put after nfsd_file_free', life]]),
  console: splatText,
  splats,
  timeline: {
    events: {
      binMs: 500,
      fromMs: 1000,
      tracepoints: [
        { name: 'nfsd_file_acquire', counts: [5, 10, 0] },
        { name: 'nfsd_file_put', counts: [4, 0, 11] },
      ],
      cpus: [
        { counts: [9, 0, 0], lost: [0, 70, 7], unknownGaps: 0 },
        { counts: [0, 10, 11], lost: [0, 0, 0], unknownGaps: 2 },
      ],
    },
    phases: [
      { phase: 'load', row: 0, ms: 1000 },
      { phase: 'quiet', row: 20, ms: 2000 },
    ],
    moduleSecond: 20,
    samples: [
      { second: 1, operations: { read: 100 }, stressors: { close: 10 }, exposure: {} },
      { second: 3, operations: { read: 500 }, stressors: { close: 10 }, exposure: { 'close*acquire': 8 } },
    ],
  },
}

const plain = pc.createColors(false)

describe('summarize', () => {
  it('tells a PASS: what was done, what it is worth, where the report is', () => {
    expect(summarize(passed, extras, plain)).toBe(`\
 PASS  CLOSE01 on debian:6.1 + fix.patch, 30.0 s of load, seed 42
6.1.0-56-amd64, stock, file cache lru-holds-ref; package, nfsd rebuilt alone (the patches touch fs/nfsd only); qemu, tcg

Operations     done  per second  useful  raced
close         9,000         300   3,000     12
client read   3,000         100
client write    150           5
client errors: rename ESTALE 2

Windows
the dangerous window close*acquire was open 12,345 times; a failure rate per window above 2.4e-4 is excluded at 95 %
the dangerous window close*gc was open 7 times; a failure rate per window above 4.3e-1 is excluded at 95 %

Events  123,456 read of 123,456, 0 lost, 0 unexplained

Rules   1 applied: free-at-zero
not applied: idle-disposed, only 1.0 s without load
free-at-zero: seen through a note

Report  runs/1/report.html
`)
  })

  it('tells a FAIL: each finding with its evidence, and no bound', () => {
    const text = summarize(failed, extras, plain)
    expect(text).toContain(' FAIL  CLOSE01')
    expect(text).toContain(
      '1. event-after-free: nfsd_file_put after nfsd_file_free 3 times, first at 3.1 s\n' +
        '   nfsd_file_put on an object that had been freed\n   >  3.140 nfsd_file_put <0>\n',
    )
    expect(text).toContain(
      '2. console-splat: WARNING at fs/nfsd/filecache.c:288 in nfsd_file_free once at 31.4 s',
    )
    expect(text).toMatch(/\.\.\. \d+ more lines in the report/)
    expect(text).toContain('the target could not say how many events it had produced FCT_TRACE_UNACCOUNTED')
    expect(text).toContain('Events  99 read of unknown, unknown lost, unknown unexplained')
    expect(text).not.toContain('95 %')
    expect(text.match(/event-after-free: nfsd_file_put/g)).toHaveLength(1)
  })

  it('tells what was told while the run went on, and what was not borne out', () => {
    const [finding] = failed.findings
    const live = { gaveUp: 'it was too far behind', withdrawn: ['use-at-zero: put'] }
    const findings = [{ ...finding!, liveSecond: 1.25 }]
    const text = summarize({ ...failed, findings, live }, extras, plain)
    expect(text).toContain('3 times, first at 3.1 s, told after 1.3 s of load')
    expect(text).toContain('judged at the end only; while the run went on it was too far behind')
    expect(text).toContain('told while the run went on, and not borne out: use-at-zero: put')
  })

  it('colours only if told to', () => {
    expect(summarize(passed, extras, plain)).not.toContain('\u001b')
    expect(summarize(passed, extras, pc.createColors(true))).toContain('\u001b[42m')
  })

  it("does not let the guest's text reach the terminal's controls", () => {
    const evidence = 'bad\u001b[2J\u009b31m\u202etext\u0007'
    const text = summarize({ ...failed, findings: [{ ...failed.findings[0]!, evidence }] }, extras, plain)
    expect(text).toContain('bad\ufffd[2J\ufffd31m\ufffdtext\ufffd')
    expect(text).not.toMatch(/(?!\n)\p{Cc}/u)
  })
})

describe('renderHtml', () => {
  const page = renderHtml(failed, extras)

  it('has everything in one file that asks for nothing from elsewhere', () => {
    for (const part of [
      'FAIL',
      'debian:6.1',
      'close*acquire',
      '12,345',
      'ESTALE 2',
      'idle-disposed',
      'close.gap_us',
    ]) {
      expect(page).toContain(part)
    }
    expect(page).not.toMatch(/\b(?:src|href)=(?!"#)|@import|url\(/)
    expect(page).toContain('prefers-color-scheme: dark')
    expect(page).toContain("default-src 'none'")
  })

  it('puts the verdict first, then the findings, and marks the broken step', () => {
    const order = [
      '<h1>',
      'event-after-free: nfsd_file_put',
      '<article class="finding"',
      '<h2>Operations',
      '<pre class="console"',
    ]
    const places = order.map((part) => page.indexOf(part))
    expect(places).not.toContain(-1)
    expect(places).toEqual(places.toSorted((a, b) => a - b))
    const [, row = ''] = /<tr class="broken">(.*)<\/tr>/.exec(page) ?? []
    expect(unescape([...row.matchAll(/<td>(.*?)<\/td>/g)].map(([, cell]) => cell).join(' ')).trim()).toBe(
      '> 3.140 0 nfsd<0>/212 nfsd_file_put -1',
    )
  })

  it("shows the object's life as a picture and a table, the code path, the seed and how to repeat it", () => {
    const [, findings = ''] = /<h2>Findings<\/h2>([^]*?)<h2>/.exec(page) ?? []
    const [, commands = ''] = /<h2>Commands<\/h2>([^]*?)<h2>/.exec(page) ?? []
    expect(page).toContain('seed 42')
    expect(commands).toContain('<code>npx fctorture run CLOSE01 --seed 42</code>')
    for (const command of ['minimise', 'replay', 'check'])
      expect(commands).toContain(`<code>npx fctorture ${command} runs/20260101T000000Z-CLOSE01-42`)
    expect(findings).toContain('code path, nfsd&lt;0&gt;/212 on CPU 0: nfsd_file_put')
    expect(findings).toContain('nfsd_file 0xffff888004100100#2, 9,002 events')
    expect(findings.match(/<svg [^]*?<\/svg>/g)).toHaveLength(1)
    expect(findings.match(/<circle /g)).toHaveLength(2)
    expect(findings).toContain('<td colspan="8" class="dim">... 9,000 events left out ...</td>')
    // A splat has no object: its text is the evidence.
    expect(findings.match(/<pre>/g)).toHaveLength(1)
  })

  it('marks the splats in the console, and links to them', () => {
    const [, marked = ''] = /<mark id="splat-1">([^]*?)<\/mark>/.exec(page) ?? []
    expect(marked.trimEnd().split('\n')).toHaveLength((splats[0]?.text ?? '').split('\n').length)
    expect(marked).toContain('filecache.c:288')
    expect(page).toContain('<a href="#splat-1">')
  })

  it('shows lines that two splats share once', () => {
    const lines = ['a0', 'a1', 'b0', 'a2', 'b1', 'c0', 'end']
    const splat = { kind: 'bug', signature: 'bug', second: 0 } as const
    const overlapping = [
      { ...splat, firstLine: 0, lastLine: 3, text: 'a0\na1\na2' },
      { ...splat, firstLine: 2, lastLine: 4, text: 'b0\nb1' },
      { ...splat, firstLine: 1, lastLine: 2, text: 'a1' },
    ]
    for (const before of [0, 5000]) {
      const filler = Array.from({ length: before }, (_, line) => `later ${String(line)}`)
      const console = [...lines, ...filler].join('\n')
      const view = renderHtml(failed, { ...extras, console, splats: overlapping })
      const [, shown = ''] = /<pre class="console"[^>]*>([^]*?)<\/pre>/.exec(view) ?? []
      for (const id of [1, 2, 3]) expect(shown).toContain(`id="splat-${String(id)}"`)
      for (const line of lines.slice(0, before === 0 ? 7 : 5))
        expect(shown.split(new RegExp(`\\b${line}\\b`))).toHaveLength(2)
    }
  })

  it('says once what a PASS excludes, and nothing of it otherwise', () => {
    expect(renderHtml(passed, extras).match(/2\.4e-4/g)).toHaveLength(1)
    expect(page).not.toContain('95 %')
  })

  it('draws events, operations, overlap and losses over the seconds since boot', () => {
    const chartOf = (
      id: string,
    ): { x: number[]; series: { label: string; values: number[] }[]; marks: object[] } =>
      JSON.parse(new RegExp(`id="chart-${id}">(.*?)</script>`).exec(page)?.[1] ?? '') as never
    expect(chartOf('events').x).toEqual([21, 21.5, 22])
    expect(chartOf('events').series).toEqual([
      { label: 'acquire', values: [10, 20, 0] },
      { label: 'put', values: [8, 0, 22] },
    ])
    expect(chartOf('events').marks).toContainEqual({ x: 3.14, label: 'finding 1', kind: 'finding' })
    expect(chartOf('events').marks).toContainEqual({ x: 22, label: 'quiet', kind: 'phase' })
    expect(chartOf('operations').x).toEqual([22, 24])
    expect(chartOf('operations').series).toEqual([
      { label: 'client read', values: [100, 200] },
      { label: 'close', values: [10, 0] },
    ])
    expect(chartOf('overlap').series).toEqual([{ label: 'close*acquire', values: [0, 4] }])
    expect(chartOf('losses').series).toEqual([{ label: 'CPU 0', values: [0, 70, 7] }])
    const rows = [...page.matchAll(/<tr><td class="text">(CPU \d)<\/td>(.*?)<\/tr>/g)]
    expect(
      rows.map(([, cpu, cells = '']) => [cpu, ...[...cells.matchAll(/>(\d+)</g)].map(([, n]) => n)]),
    ).toEqual([
      ['CPU 0', '9', '77', '0'],
      ['CPU 1', '21', '0', '2'],
    ])
  })

  it('keeps every line of the console, in order', () => {
    const [, shown = ''] = /<pre class="console"[^>]*>([^]*?)<\/pre>/.exec(page) ?? []
    expect(unescape(shown)).toBe(splatText)
  })

  it('shows the end of a very long console, and the splats that come before it', () => {
    const long =
      splatText + Array.from({ length: 6000 }, (_, line) => `[   99.000000] line ${String(line)}`).join('\n')
    const [, shown = ''] =
      /<pre class="console"[^>]*>([^]*?)<\/pre>/.exec(renderHtml(failed, { ...extras, console: long })) ?? []
    expect(shown).toContain('cut here')
    expect(shown).toContain('lines before this are in console.log')
    expect(shown).toContain('line 5999')
    expect(shown).not.toContain('line 10\n')
  })

  it('takes nothing that the guest says for markup, wherever it stands', () => {
    const evil = `<script>alert(1)</script>" onload='x' &`
    const finding = {
      rule: evil,
      signature: evil,
      count: 1,
      firstGuestSecond: 0,
      evidence: `${evil}\n> ${evil}`,
    }
    const poisoned = renderHtml(
      {
        ...failed,
        findings: [finding],
        kernel: { ...failed.kernel, release: evil, name: evil, patches: [evil] },
        stressors: { [evil]: { called: 1, useful: 1, raced: 1 } },
        exposure: { [evil]: 3 },
        rules: { applied: [evil], notApplied: [{ id: evil, reason: evil }] },
        reasons: [{ code: 'FCT_GUEST_LOST', message: evil }],
      },
      {
        ...extras,
        operations: { [evil]: 1 },
        errors: { [evil]: 1 },
        parameters: { [evil]: evil },
        console: `${evil}\n${evil}`,
        lives: new Map([
          [
            evil,
            {
              ...life,
              object: evil,
              inode: evil,
              parts: [{ ...step, comm: evil, operation: evil, flags: evil, ref: 1 }],
            },
          ],
        ]),
        timeline: {
          ...extras.timeline,
          events: { ...extras.timeline.events!, tracepoints: [{ name: evil, counts: [1, 2, 3] }] },
          samples: extras.timeline.samples.map((sample) => ({
            ...sample,
            operations: { [evil]: sample.second },
          })),
        },
        splats: [{ kind: 'bug', signature: evil, second: 0, firstLine: 0, lastLine: 0, text: evil }],
      },
    )
    // The page's own: uPlot, what draws the charts, and the charts' data.
    expect(poisoned.match(/<script>|<script type="application\/json" id="[\w-]+">/g)).toHaveLength(
      poisoned.match(/<script/g)!.length,
    )
    expect(poisoned.match(/<\/script/g)).toHaveLength(poisoned.match(/<script/g)!.length)
    expect(poisoned).not.toContain(`onload='`)
    expect(poisoned.match(/&lt;script&gt;/g)?.length).toBeGreaterThan(15)
  })
})

describe('evidenceFiles', () => {
  it('are a text for each finding, and a picture for each that has an object', () => {
    const files = evidenceFiles(failed, extras)
    expect(files.map(({ name }) => name)).toEqual(['finding-1.txt', 'finding-1.svg', 'finding-2.txt'])
    const [text = '', svg = '', splat = ''] = files.map((file) => file.text)
    expect(text.split('\n')).toEqual([
      'event-after-free: nfsd_file_put after nfsd_file_free',
      '3 times, first at 3.1 s',
      'on debian:6.1 (6.1.0-56-amd64), CLOSE01, seed 42',
      'to repeat: npx fctorture run CLOSE01 --seed 42',
      '',
      'nfsd_file_put on an object that had been freed',
      'nfsd_file 0xffff888004100100#2, 9,002 events, inode 0xffff888005200100',
      'code path, nfsd<0>/212 on CPU 0: nfsd_file_put',
      '',
      '   second  CPU  task         operation                      ref  flags  list',
      '                             ... 9,000 events left out ...',
      '   3.139   0    51           nfsd_file_free                 0   GC',
      '>  3.140   0    nfsd<0>/212  nfsd_file_put                  -1',
      '',
    ])
    expect(svg).toContain('nfsd&lt;0&gt;/212')
    expect(splat).toContain(splats[0]?.text ?? '-')
  })
})

/** As a browser reads the text of an element. */
function unescape(markup: string): string {
  return markup
    .replace(/<\/?mark[^>]*>/g, '')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&amp;/g, '&')
}
