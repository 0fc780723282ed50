import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { splitConsole } from '../../../harness/oracle/console/split-console.js'
import { judge } from '../../../harness/oracle/oracle.js'
import { fixturesFolder } from '../fixtures.js'

const folder = fixturesFolder('consoles')
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.txt'))
  .map((name) => name.replace('.txt', ''))

function readConsole(name: string): string {
  return readFileSync(`${folder}/${name}.txt`, 'utf8')
}

describe('splitConsole', () => {
  it.each(names)('reads %s as its golden file says', (name) => {
    const golden = JSON.parse(readFileSync(`${folder}/${name}.json`, 'utf8')) as object[]
    const splats = splitConsole(readConsole(name))
    expect(splats).toHaveLength(golden.length)
    expect(splats).toMatchObject(golden)
  })

  it('cuts out the splat, from its first line to its last', () => {
    const text = readConsole('warn-lru-not-empty')
    const [splat] = splitConsole(text)
    const lines = text.split('\n')
    expect(lines[splat?.firstLine ?? 0]).toContain('cut here')
    expect(lines[splat?.lastLine ?? 0]).toContain('end trace')
    expect(splat?.text).toBe(lines.slice(splat?.firstLine, (splat?.lastLine ?? 0) + 1).join('\n'))
    expect(splat?.text).not.toContain('peername')
  })

  it.each([
    ['kasan', 'Disabling lock debugging'],
    ['lockdep', 'last server has exited'],
    ['hung-task', 'server is back'],
  ])('ends %s before what is said afterwards', (name, later) => {
    const text = readConsole(name)
    expect(text).toContain(later)
    for (const splat of splitConsole(text)) expect(splat.text).not.toContain(later)
  })

  it('ends a splat without an end of its own when the kernel falls silent', () => {
    const text = '[   10.000000] BUG: Bad page state\n[   10.100000] page:1\n[   12.000000] fine\n'
    const [splat] = splitConsole(text)
    expect(splat).toMatchObject({ firstLine: 0, lastLine: 1 })
  })

  it('does not blame the kthread whose stack every RCU stall shows', () => {
    const begun = readConsole('rcu-starved').split('\n').slice(0, 20).join('\n')
    expect(begun).toContain('rcu_gp_kthread')
    expect(splitConsole(begun).map(({ signature }) => signature)).toEqual(['RCU stall'])
  })

  it('takes the word of a kernel that stamps no lines', () => {
    const bare = readConsole('refcount-underflow').replace(/^\[ *[\d.]+\] /gm, '')
    expect(splitConsole(bare).map(({ signature }) => signature)).toEqual(
      splitConsole(readConsole('refcount-underflow')).map(({ signature }) => signature),
    )
  })

  it('gives one signature to one defect on two machines', () => {
    const moved = readConsole('refcount-underflow')
      .replace(/[0-9a-f]{16}/g, 'ffff123412341234')
      .replace(/\+0x[0-9a-f]+/g, '+0x77')
      .replace(/PID: \d+/g, 'PID: 4711')
    const signatures = (text: string): string[] => splitConsole(text).map(({ signature }) => signature)
    expect(signatures(moved)).toEqual(signatures(readConsole('refcount-underflow')))
  })

  it('bears an empty console', () => {
    expect(splitConsole('')).toEqual([])
  })
})

describe('console-splat', () => {
  it('takes a race that KCSAN reports for a finding only if nfsd is one side of it, and notes the others', () => {
    const judgeConsole = (console: string) =>
      judge({ coverage: 'whole', trace: null, console, filecache: [], stressors: [] })
    const elsewhere = readConsole('kcsan')
    const { findings, notes } = judgeConsole(elsewhere)
    expect(findings).toEqual([])
    expect(notes).toEqual([{ id: 'console-splat', note: expect.stringMatching(/^2 reports/) as string }])
    const race = 'svc_recv [sunrpc] / nfsd_file_put [nfsd]'
    const nfsd = elsewhere.replace('svc_recv [sunrpc] / svc_recv [sunrpc]', race)
    expect(judgeConsole(nfsd).findings.map(({ signature }) => signature)).toEqual([
      `console-splat: KCSAN: data-race in ${race}`,
    ])
  })

  it('makes one finding of splats with one signature, and says when the first came', () => {
    const text = readConsole('warn-lru-not-empty')
    const { findings } = judge({
      coverage: 'whole',
      trace: null,
      console: text + text.replaceAll('[   31.', '[   35.'),
      filecache: [],
      stressors: [],
    })
    expect(findings).toMatchObject([
      {
        rule: 'console-splat',
        signature: 'console-splat: WARNING at fs/nfsd/filecache.c:288 in nfsd_file_free',
        count: 2,
        firstGuestSecond: 31.402117,
      },
    ])
  })
})
