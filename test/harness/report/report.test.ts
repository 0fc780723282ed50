import pc from 'picocolors'
import { describe, expect, it } from 'vitest'
import { evidenceFiles } from '../../../harness/report/evidence-files.js'
import { formatPercent } from '../../../harness/report/figures.js'
import { summarize } from '../../../harness/report/summary.js'
import { extras, failed, passed, splats } from './sample-run.js'

const plain = pc.createColors(false)

it('writes shares with two digits, and never as a power of ten', () => {
  expect([0, 0.00077, 0.0141, 0.5, 0.994, 1].map(formatPercent)).toEqual([
    ...['0 %', '0.077 %', '1.4 %', '50 %', '99 %', '100 %'],
  ])
})

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
