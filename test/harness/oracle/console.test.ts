import { describe, expect, it } from 'vitest'
import { splitConsole } from '../../../harness/oracle/console/split-console.js'
import { splatKinds } from '../../../harness/oracle/console/splat.js'
import { judge } from '../../../harness/oracle/oracle.js'
import { consoleNames, mergeSplats, readConsole, readGolden } from './consoles.js'

function judgeConsole(console: string): ReturnType<typeof judge> {
  return judge({ coverage: 'whole', trace: null, console, filecache: [], stressors: [] })
}

function signaturesOf(text: string): string[] {
  return splitConsole(text).map(({ signature }) => signature)
}

describe('the golden consoles', () => {
  it.each(consoleNames)('%s is read as its golden file says', (name) => {
    const text = readConsole(name)
    const golden = readGolden(name)
    const splats = golden.map(({ kind, signature, second, count }) => ({ kind, signature, second, count }))
    expect(mergeSplats(splitConsole(text))).toEqual(splats)
    const findings = golden
      .filter(({ isFinding }) => isFinding)
      .sort((a, b) => a.second - b.second)
      .map(({ signature, second, count }) => ({ rule: 'console-splat', signature, second, count }))
    const found = judgeConsole(text).findings.filter(({ rule }) => rule === 'console-splat')
    expect(
      found.map(({ rule, signature, firstGuestSecond, count }) => ({
        rule,
        signature: signature.replace('console-splat: ', ''),
        second: firstGuestSecond,
        count,
      })),
    ).toEqual(findings)
  })

  it('are at least 60, of every kind, and harmless ones', () => {
    expect(consoleNames.length).toBeGreaterThanOrEqual(60)
    const kinds = new Set(consoleNames.flatMap((name) => readGolden(name).map(({ kind }) => kind)))
    expect([...kinds].sort()).toEqual([...splatKinds].sort())
    expect(consoleNames.filter((name) => readGolden(name).length === 0).length).toBeGreaterThanOrEqual(8)
  })

  it('have signatures without what differs from run to run', () => {
    for (const { signature } of consoleNames.flatMap(readGolden)) {
      expect(signature).not.toMatch(/0x|[0-9a-f]{8}|\+|\.(?:isra|constprop|cold|part)\b|CPU|\bpid\b/)
    }
  })
})

describe('splitConsole', () => {
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
    expect(signaturesOf(begun)).toEqual(['RCU stall'])
  })

  it('takes the word of a kernel that stamps no lines', () => {
    const bare = readConsole('refcount-underflow').replace(/^\[ *[\d.]+\] /gm, '')
    expect(signaturesOf(bare)).toEqual(signaturesOf(readConsole('refcount-underflow')))
  })

  it('gives one signature to one defect on two machines', () => {
    const moved = readConsole('refcount-underflow')
      .replace(/[0-9a-f]{16}/g, 'ffff123412341234')
      .replace(/\+0x[0-9a-f]+/g, '+0x77')
      .replace(/PID: \d+/g, 'PID: 4711')
    expect(signaturesOf(moved)).toEqual(signaturesOf(readConsole('refcount-underflow')))
  })

  it('keeps the lines of two callers apart, and gives each splat its own', () => {
    const splats = splitConsole(readConsole('callers-interleaved'))
    expect(splats.map(({ text }) => new Set(text.match(/T81\d/g)))).toEqual([
      new Set(['T812']),
      new Set(['T813']),
    ])
    const [first, second] = splats
    expect(second?.firstLine).toBeLessThan(first?.lastLine ?? 0)
  })

  it('gives the backtrace of another CPU to the stall that asked for it', () => {
    const [stall] = splitConsole(readConsole('callers-rcu-stall'))
    expect(stall?.text).toContain('[    C1] RIP: 0010:nfsd_file_queue_for_close')
  })

  it('reads a splat that comes a thousand times as one finding', () => {
    const [splat] = splitConsole(readConsole('warn-lru-not-empty'))
    const text = `${splat?.text ?? ''}\n`.repeat(1000)
    const lines = (splat?.lastLine ?? 0) - (splat?.firstLine ?? 0) + 1
    expect(splitConsole(text).map(({ firstLine }) => firstLine)).toEqual(
      Array.from({ length: 1000 }, (_, nth) => nth * lines),
    )
    expect(judgeConsole(text).findings).toMatchObject([
      { signature: 'console-splat: WARNING at fs/nfsd/filecache.c:288 in nfsd_file_free', count: 1000 },
    ])
  })

  it('keeps no more of a splat without an end than bounds the work on it', () => {
    const stamp = '[   10.000000]'
    const chain = `${stamp}        lock_acquire+0xd2/0x2e0\n`.repeat(20_000)
    const [splat, ...others] = splitConsole(`${stamp} WARNING: inconsistent lock state\n${chain}`)
    expect(others).toEqual([])
    expect(splat?.text.split('\n').length).toBeLessThanOrEqual(250)
  })

  it('bears lines of a hundred thousand words that its patterns look for', () => {
    for (const word of ['lock ', 'INFO: task x:1 ', '[ ', '-', '=', 'at: ', '] at a:1 ', '\u001B[;']) {
      for (const begun of ['BUG: ', 'WARNING: ', 'INFO: task ', '[   1.000000] BUG x (', ' ', '']) {
        expect(splitConsole(`${begun}${word.repeat(100_000)}\n`).length).toBeLessThanOrEqual(1)
      }
    }
  })

  it('bears an empty console', () => {
    expect(splitConsole('')).toEqual([])
  })
})

describe('console-splat', () => {
  it('takes a race that KCSAN reports for a finding only if nfsd is one side of it, and notes the others', () => {
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
    const { findings } = judgeConsole(text + text.replaceAll('[   31.', '[   35.'))
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
