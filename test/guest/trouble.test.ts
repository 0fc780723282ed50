import { cp, open, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ResultDocument } from '../../harness/verdict/result.js'
import { packageRoot } from '../../harness/folders.js'
import { createQemuTarget } from '../../harness/target/qemu-target.js'
import { obtainGuestImages } from '../../vms/guest-images.js'
import { borrowable, borrowCache, inCache } from '../borrowed-cache.js'
import { haveOwnTemporaryFolder, leftovers, machines } from '../leftovers.js'
import { obtainStockKernel, quietContext } from '../stock-kernel.js'

let runs = ''
let end: () => Promise<void>

beforeAll(async () => {
  ;({ runs, end } = await haveOwnTemporaryFolder())
})

afterAll(() => end())

/** Starts a run, does something to it when the progress shows a phase, and waits for its end. */
async function runAndMeddle(phase: string, meddle: (pid: number) => void, ...args: string[]) {
  const cli = join(packageRoot, 'harness', 'fctorture.mjs')
  const child = execa(
    process.execPath,
    [cli, 'run', 'CLOSE01', '--time', '60', '--json', '--runs', runs, ...args],
    { reject: false },
  )
  let seen = ''
  let isDone = false
  child.stderr.on('data', (chunk: Buffer) => {
    seen += chunk.toString()
    if (isDone || !seen.includes(phase)) return
    isDone = true
    meddle(child.pid ?? 0)
  })
  const { exitCode, stdout } = await child
  return { exitCode, result: JSON.parse(stdout) as ResultDocument, isDone }
}

it('keeps what it has and leaves nothing behind when the user stops it', async () => {
  const { exitCode, result, isDone } = await runAndMeddle('load 2', (pid) => process.kill(pid, 'SIGINT'))
  expect(isDone).toBe(true)
  expect(result).toMatchObject({ verdict: 'ERROR', reasons: [{ code: 'FCT_INTERRUPTED' }] })
  expect(result.events.read).toBeGreaterThan(0)
  expect(exitCode).toBe(125)
  expect(leftovers()).toEqual([])
})

it('calls a guest lost whose machine was killed, and judges what was shipped before', async () => {
  const { exitCode, result, isDone } = await runAndMeddle('load 2', () => {
    const [machine] = machines()
    if (machine !== undefined) process.kill(machine, 'SIGKILL')
  })
  expect(isDone).toBe(true)
  expect(result.verdict).toBe('INCONCLUSIVE')
  expect(result.reasons.map(({ code }) => code)).toContain('FCT_GUEST_LOST')
  expect(result.events.read).toBeGreaterThan(0)
  expect(exitCode).toBe(125)
  expect(leftovers()).toEqual([])
})

it("shows the kernel's words when it refuses the module", async () => {
  const { exitCode, result } = await runAndMeddle('never', () => undefined, '--busted', 'nonsense')
  expect(result).toMatchObject({ verdict: 'ERROR', reasons: [{ code: 'FCT_MODULE_LOAD' }] })
  expect(result.reasons[0]?.message).toContain('nonsense')
  expect(exitCode).toBe(125)
  expect(leftovers()).toEqual([])
})

/** nfsd of 6.1 reads, and tells NFSv3 clients that what they read is no folder. */
const failingRead = `--- a/fs/nfsd/vfs.c
+++ b/fs/nfsd/vfs.c
@@ -1214,6 +1214,6 @@
 \tnfsd_file_put(nf);
 
 \ttrace_nfsd_read_done(rqstp, fhp, offset, *count);
 
-\treturn err;
+\treturn err ? err : nfserr_notdir;
 }
`

it('ends when the clients meet an error that nothing explains, and names it', async () => {
  const patch = join(runs, 'failing-read.patch')
  await writeFile(patch, failingRead)
  const { exitCode, result } = await runAndMeddle('never', () => undefined, '--patch', patch)
  expect(result).toMatchObject({ verdict: 'ERROR', reasons: [{ code: 'FCT_LOAD_UNEXPECTED' }] })
  expect(result.reasons[0]?.message).toMatch(/ENOTDIR from read, in read of \S+-v3\/(files|churn)\/f\d+$/)
  expect(exitCode).toBe(125)
  expect(leftovers()).toEqual([])
})

it('shows the last of the console when a guest gives up before its agent could speak', async () => {
  const images = await obtainGuestImages(await obtainStockKernel(), quietContext)
  const rootfs = join(runs, 'empty.erofs')
  await writeFile(rootfs, Buffer.alloc(1 << 20))
  const target = await createQemuTarget({ ...images, rootfs }, quietContext.signal)
  await expect(target.start()).rejects.toMatchObject({
    code: 'FCT_AGENT_LOST',
    message: expect.stringContaining('cannot mount the root file system') as string,
    detail: expect.stringContaining('erofs') as string,
  })
  await target.stop()
  expect(leftovers()).toEqual([])
})

it('blames no kernel for a root file system that is damaged', async () => {
  const home = join(runs, 'home')
  const kind = join('fctorture', 'rootfs')
  await borrowCache(
    home,
    borrowable.kernels.filter((name) => name !== 'rootfs'),
  )
  const { rootfs } = await obtainGuestImages(await obtainStockKernel(), quietContext)
  await cp(dirname(rootfs), join(home, kind, basename(dirname(rootfs))), { recursive: true })
  await damage(join(home, kind, basename(dirname(rootfs)), basename(rootfs)))
  const { exitCode, result } = await inCache(home, () => runAndMeddle('never', () => undefined))
  expect(result).toMatchObject({ verdict: 'ERROR', reasons: [{ code: 'FCT_GUEST_BOOT' }], findings: [] })
  expect(exitCode).toBe(125)
  expect(leftovers()).toEqual([])
})

/** Some bytes of each megabyte, but for the beginning. */
async function damage(image: string): Promise<void> {
  const { size } = await stat(image)
  const file = await open(image, 'r+')
  for (let at = size / 8; at < size; at += 1 << 20) await file.write(Buffer.alloc(4096, 0xa5), 0, 4096, at)
  await file.close()
}

it('does not mind a clock that jumps to and fro', async () => {
  const jumps = `--import=${join(import.meta.dirname, 'jumping-clock.mjs')}`
  const cli = join(packageRoot, 'harness', 'fctorture.mjs')
  const args = ['run', 'CLOSE01', '--time', '10', '--seed', '1', '--json', '--runs', runs]
  const { exitCode, stdout } = await execa(process.execPath, [jumps, cli, ...args], { reject: false })
  const result = JSON.parse(stdout) as ResultDocument
  expect(result.verdict).toBe('PASS')
  expect(result.guestSeconds).toBeGreaterThan(9)
  expect(result.guestSeconds).toBeLessThan(20)
  expect(exitCode).toBe(0)
  expect(leftovers()).toEqual([])
})
