import { expect, it } from 'vitest'
import { judge } from '../../../harness/oracle/oracle.js'

const panic = `[    0.148004] Kernel panic - not syncing: IO-APIC + timer doesn't work!  Boot with apic=debug and send a report.
[    0.152004] CPU: 0 PID: 1 Comm: swapper/0 Not tainted 6.1.0-56-amd64 #1  Debian 6.1.192-2
[    0.156004] Call Trace:
[    0.156004]  panic+0x113/0x2e5
[    0.156004]  setup_IO_APIC.cold+0x98/0x9d
`
const nfsd = `[    4.100000] ------------[ cut here ]------------
[    4.100001] WARNING: CPU: 0 PID: 90 at fs/nfsd/filecache.c:420 nfsd_file_free+0x20/0x30 [nfsd]
[    4.100002] ---[ end trace 0000000000000000 ]---
`
const module = '[    5.000000] fctorture: loaded\n'

function findings(console: string, isGuest: boolean): string[] {
  const rest = { trace: null, coverage: 'cut', filecache: [], stressors: [] } as const
  return judge({ ...rest, console, isGuest }).findings.map(({ signature }) => signature)
}

it("is the guest's own trouble, until the module comes in", () => {
  expect(findings(panic, true)).toEqual([])
  expect(findings(panic + module, true)).toEqual([])
  expect(findings(module + panic.replaceAll('[    0.', '[    6.'), true)).toHaveLength(1)
})

it('is a finding where nfsd is named', () => {
  expect(findings(nfsd + module, true)).toEqual([expect.stringContaining('nfsd_file_free')])
})

it('counts on a machine that is not ours: nobody knows when its nfsd began', () => {
  expect(findings(panic, false)).toHaveLength(1)
})
