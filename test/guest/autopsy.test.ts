/** What a machine still tells when its kernel does not any more. */
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Method } from '../../harness/agent/protocol.js'
import type { Autopsy, AutopsyWishes } from '../../harness/target/autopsy/autopsy.js'
import { packageRoot } from '../../harness/folders.js'
import { openTrace } from '../../harness/store/run-trace.js'
import { createStagedGuest, examineSaved } from '../../harness/target/standing-guest.js'
import { KernelFault, TargetTimeout } from '../../harness/target/target.js'
import { answerOf } from '../../harness/target/watch.js'
import type { ResultDocument } from '../../harness/verdict/result.js'
import { obtainGuestImages, type GuestImages } from '../../vms/guest-images.js'
import { obtainStockKernel, quietContext } from '../stock-kernel.js'
import { bundleAgent } from './module-guest.js'

let folder = ''
let images: GuestImages

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fct-test-autopsy-'))
  const agent = join(folder, 'agent.cjs')
  await bundleAgent('faulty.ts', agent)
  images = await obtainGuestImages(await obtainStockKernel(), quietContext, { 'agent.cjs': agent })
})

afterAll(async () => {
  await rm(folder, { recursive: true })
})

interface Corpse {
  readonly failure: unknown
  readonly into: string
  readonly autopsy: Autopsy
  /** From when the harm began, until the machine was gone. */
  readonly console: string
  /** Where the saved guest is from which this one went on. */
  readonly saved: string
}

async function examine(method: string, wishes: AutopsyWishes, limitMs: number): Promise<Corpse> {
  const observer = { onPhase: () => undefined, onConsole: () => undefined }
  const { target, folder: saved } = await createStagedGuest(images, { exports: [] }, quietContext, observer)
  // As `--runs found` has it.
  const into = relative(process.cwd(), join(folder, method))
  let console = ''
  target.onConsole((chunk) => (console += Buffer.from(chunk).toString()))
  try {
    const agent = await target.start()
    const watch = { target, signal: quietContext.signal }
    const failure: unknown = await answerOf(
      watch,
      agent.call(method as Method, null),
      limitMs,
      'being harmed',
    ).catch((error: unknown) => error)
    const autopsy = await target.autopsy(into, wishes)
    await target.stop()
    return { failure, into, autopsy, console, saved }
  } finally {
    await target.stop()
  }
}

/**
 * What makedumpfile finds in a dump by the dump's own words, without a vmlinux. Behind the first line of a message it has blanks,
 * where the kernel's console, and we, have the stamp again.
 */
async function messagesIn(dump: string): Promise<string> {
  await execa('makedumpfile', ['--dump-dmesg', dump, `${dump}.dmesg`])
  let stamp = ''
  const lines = (await readFile(`${dump}.dmesg`, 'utf8')).split('\n').map((line) => {
    stamp = /^\[ *\d+\.\d{6}\] /.exec(line)?.[0] ?? stamp
    return line.startsWith(' '.repeat(stamp.length)) ? stamp + line.slice(stamp.length) : line
  })
  return lines.join('\n')
}

/** Which kernel crash and drgn take a dump for, by the dump's own words; for all else they want a vmlinux with debug information. */
async function releaseIn(dump: string): Promise<{ crash: string; drgn: string }> {
  const script = join(folder, 'release.py')
  await writeFile(script, 'print(prog["UTS_RELEASE"].string_().decode())\n')
  const { stdout: crash } = await execa('crash', ['--osrelease', dump])
  const { stdout: drgn } = await execa('drgn', ['--quiet', '--core', dump, '--no-default-symbols', script])
  return { crash, drgn }
}

it('a panic: registers, messages and memory can be had, and then it prints the rest of its last words', async () => {
  const { failure, into, autopsy, console } = await examine('panic', { vmcore: true }, 60_000)
  expect(failure).toBeInstanceOf(KernelFault)
  expect(autopsy).toEqual({ files: ['registers.txt', 'dmesg.txt', 'vmcore'], missing: [] })
  expect((await readdir(into)).sort()).toEqual(['dmesg.txt', 'registers.txt', 'vmcore'])
  expect((await readFile(join(into, 'registers.txt'), 'utf8')).match(/^RIP=[0-9a-f]{16}/gm)).toHaveLength(2)
  const dmesg = await readFile(join(into, 'dmesg.txt'), 'utf8')
  expect(dmesg).toMatch(/^\[ {4}0\.000000\] Linux version 6\.1/)
  expect(dmesg).toMatch(/^\[ *\d+\.\d{6}\] Kernel panic - not syncing: sysrq triggered crash$/m)
  // Linux says where it was loaded when it has told QEMU.
  expect(dmesg).not.toContain('Kernel Offset')
  expect(console).toContain('Kernel Offset')
  expect(await messagesIn(join(into, 'vmcore'))).toBe(dmesg)
  const [, release] = /Linux version (\S+)/.exec(dmesg) ?? []
  expect(await releaseIn(join(into, 'vmcore'))).toEqual({ crash: release, drgn: release })
  // Of 2 GiB that are mostly empty.
  expect((await stat(join(into, 'vmcore'))).size).toBeLessThan(400 << 20)
})

it('a guest that died is of no consequence for the next', async () => {
  const { saved } = await examine('panic', { vmcore: false }, 60_000)
  expect(await examineSaved(saved, quietContext)).toBeUndefined()
  const { into } = await examine('whisper', { vmcore: false }, 3000)
  expect(await readFile(join(into, 'dmesg.txt'), 'utf8')).not.toContain('Kernel panic')
})

it('a kernel without a driver of the panic device dies of the same, but there is nobody to ask', async () => {
  const { failure, autopsy } = await examine('panicWithoutDriver', { vmcore: false }, 60_000)
  expect(failure).toBeInstanceOf(KernelFault)
  expect(autopsy).toEqual({ files: [], missing: ['all: QEMU has ended'] })
})

it('an agent that does not answer: what the console did not show stands in memory', async () => {
  const { failure, into, autopsy, console } = await examine('whisper', { vmcore: false }, 3000)
  expect(failure).toBeInstanceOf(TargetTimeout)
  expect(autopsy.missing).toEqual([])
  expect(console).not.toContain('whispers')
  expect(await readFile(join(into, 'dmesg.txt'), 'utf8')).toMatch(
    /faulty: whispers once\n.*whispers twice\n$/,
  )
})

/**
 * An nfsd of 6.1 that warns of something when the console shows nothing, has the other CPU stand still, so that nobody reads the
 * trace any more, records three events, and dies.
 */
const dies = `--- a/fs/nfsd/vfs.c
+++ b/fs/nfsd/vfs.c
@@ -1187,6 +1187,15 @@
 \treturn nfserr;
 }
 
+static atomic_t reads, stands;
+
+static void stand_still(void *unused)
+{
+\tatomic_set(&stands, 1);
+\tfor (;;)
+\t\tcpu_relax();
+}
+
 /*
  * Read data from a file. count must contain the requested read count
  * on entry. On return, *count contains the number of bytes actually read.
@@ -1215,6 +1224,17 @@
 
 \ttrace_nfsd_read_done(rqstp, fhp, offset, *count);
 
+\tif (atomic_inc_return(&reads) == 100) {
+\t\tconsole_printk[0] = 1;
+\t\tWARN(1, "nobody hears this");
+\t\tpreempt_disable();
+\t\tsmp_call_function(stand_still, NULL, 0);
+\t\twhile (atomic_read(&stands) == 0)
+\t\t\tcpu_relax();
+\t\tfor (int last = 4701; last <= 4703; last++)
+\t\t\ttrace_nfsd_file_insert_err(rqstp, d_inode(fhp->fh_dentry), 0, last);
+\t\tBUG();
+\t}
 \treturn err;
 }
 
`

/** The `error` of the events of that name that a CPU's part of a trace ends with, behind those that were shipped. */
async function lastErrors(
  run: string,
  { cpu, shipped }: { cpu: number; shipped: number },
): Promise<unknown[]> {
  const { rows, types, columns } = await openTrace(run)
  const ofCpu = Array.from({ length: rows.count }, (_, row) => row).filter((row) => rows.cpu[row] === cpu)
  return ofCpu.slice(shipped).map((row) => {
    const type = rows.type[row]!
    return types[type]?.name === 'nfsd_file_insert_err'
      ? Number(columns[type]?.['error']?.[rows.index[row]!])
      : types[type]?.name
  })
}

it('a run whose guest dies says where its remains are, and has what only its memory tells', async () => {
  const patch = join(folder, 'dies.patch')
  await writeFile(patch, dies)
  const cli = join(packageRoot, 'harness', 'fctorture.mjs')
  const args = ['run', 'CLOSE01', '--time', '60', '--seed', '1', '--patch', patch, '--json', '--runs', folder]
  const { stdout } = await execa(process.execPath, [cli, ...args], { reject: false })
  const result = JSON.parse(stdout) as ResultDocument
  expect(result).toMatchObject({
    verdict: 'FAIL',
    autopsy: { folder: 'autopsy', files: ['registers.txt', 'dmesg.txt', 'vmcore'], missing: [] },
  })
  expect(result.findings.map(({ signature }) => signature)).toEqual([
    'console-splat: WARNING at fs/nfsd/vfs.c:1229 in nfsd_read',
    'console-splat: kernel BUG at fs/nfsd/vfs.c:1236 in nfsd_read',
  ])
  expect(await readFile(join(result.run, 'console.log'), 'utf8')).not.toContain('nobody hears this')
  expect(await readFile(join(result.run, 'finding-1.txt'), 'utf8')).toContain(join(result.run, 'autopsy'))
  expect(JSON.parse(await readFile(join(result.run, 'run.json'), 'utf8'))).toMatchObject({
    autopsy: { files: ['registers.txt', 'dmesg.txt', 'vmcore'] },
  })
  // In what came from memory, and last; not in what the guest had sent.
  const recovered = result.autopsy?.recovered ?? []
  const ends = await Promise.all(recovered.map((of) => lastErrors(result.run, of)))
  expect(ends.map((end) => end.slice(-3))).toContainEqual([4701, 4702, 4703])
  expect(result.events.read).toBe(
    recovered.reduce((sum, { shipped }, index) => sum + shipped + ends[index]!.length, 0),
  )
})
