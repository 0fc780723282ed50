/** Faults that take long: a guest that hangs, and fctorture killed at any point of a run. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { execa, type Options } from 'execa'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { packageRoot } from '../../harness/folders.js'
import type { ResultDocument } from '../../harness/verdict/result.js'
import { haveOwnTemporaryFolder, leftovers } from '../leftovers.js'
import { Random } from '../harness/oracle/model/random.js'

const cli = join(packageRoot, 'harness', 'fctorture.mjs')
const kills = 50
/** A run takes this long, ms, when it may end. */
const longest = 20_000
const goneMs = 5000

let runs = ''
let end: () => Promise<void>

beforeAll(async () => {
  ;({ runs, end } = await haveOwnTemporaryFolder())
})

afterAll(() => end())

function start(args: readonly string[], options: Options = {}) {
  const all = [cli, 'run', 'CLOSE01', '--json', '--runs', runs, ...args]
  return execa(process.execPath, all, { reject: false, ...options })
}

/** An nfsd of 6.1 whose thread takes a CPU for ever, once it has read for a while. */
const hangs = (deaf: string): string => `--- a/fs/nfsd/vfs.c
+++ b/fs/nfsd/vfs.c
@@ -1214,6 +1214,13 @@
 \tnfsd_file_put(nf);
 
 \ttrace_nfsd_read_done(rqstp, fhp, offset, *count);
 
+\tstatic atomic_t reads;
+
+\tif (atomic_inc_return(&reads) == 100) {
+\t\t${deaf}();
+\t\tfor (;;)
+\t\t\tcpu_relax();
+\t}
 \treturn err;
 }
`

/** Without interrupts the CPU cannot tell of itself: the other one does. */
it.each(['preempt_disable', 'local_irq_disable'])(
  'a guest that hangs behind %s is called that, as its kernel does, and not waited for',
  async (deaf) => {
    const patch = join(runs, `${deaf}.patch`)
    await writeFile(patch, hangs(deaf))
    const { stdout } = await start(['--patch', patch, '--time', '600'])
    const { verdict, reasons, findings, events } = JSON.parse(stdout as string) as ResultDocument
    expect(reasons.map(({ code }) => code)).toContain('FCT_GUEST_HUNG')
    expect(reasons.find(({ code }) => code === 'FCT_GUEST_HUNG')?.message).toMatch(/soft lockup|stall/)
    expect(findings.map(({ signature }) => signature).join()).toMatch(/(soft lockup|RCU stall) in nfsd_read/)
    expect(verdict).toBe('FAIL')
    expect(events.read).toBeGreaterThan(0)
    expect(leftovers()).toEqual([])
  },
)

it(`leaves nothing behind when it is killed at any of ${String(kills)} points, and runs afterwards`, async () => {
  const random = new Random(1)
  for (let kill = 0; kill < kills; kill++) {
    const child = start(['--time', '5', '--seed', String(kill + 1)])
    const ended = child.then(() => true)
    const isOver = await Promise.race([ended, delay(random.below(longest), false)])
    child.kill('SIGKILL')
    await ended
    // The kernel ends QEMU when we have ended, but nobody tells when it has.
    const limit = performance.now() + goneMs
    while (leftovers().length > 0 && performance.now() < limit) await delay(10)
    expect(leftovers(), `kill ${String(kill + 1)}, ${isOver ? 'behind the end' : 'under way'}`).toEqual([])
  }
  const { exitCode, stdout } = await start(['--time', '8', '--seed', '1'])
  expect(JSON.parse(stdout as string)).toMatchObject({ verdict: 'PASS' })
  expect(exitCode).toBe(0)
})
