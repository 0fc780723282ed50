import { describe, expect, it } from 'vitest'
import { renderHtml } from '../../../harness/report/html.js'
import { extras, failed, life, passed, splats, splatText, step } from './sample-run.js'

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
