import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { startClients } from '../../../harness/agent/guest/client-load.js'
import type { ClientMount } from '../../../harness/agent/guest/nfs-clients.js'

let folder = ''
let mounts: ClientMount[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fct-clients-'))
  mounts = ['one', 'other'].map((name) => ({ folder: join(folder, name), version: '3' }))
  for (const mount of mounts) {
    await mkdir(join(mount.folder, 'files'), { recursive: true })
    await mkdir(join(mount.folder, 'churn'))
  }
})

afterEach(() => rm(folder, { recursive: true }))

/** A busy machine may take its time. */
function eventually<T>(read: () => T) {
  return expect.poll(read, { timeout: 60_000, interval: 5 })
}

const plan = { threads: 1, files: 1, size: 4096, choice: 'uniform' as const }
const params = {
  seed: '42',
  clients: { ...plan, mix: { write: 1 }, rate: 1000 },
  churn: { ...plan, mix: { unlink: 1 } },
}

it('adds up what all loads did, and failed to do', async () => {
  for (const mount of mounts) await symlink('/dev/full', join(mount.folder, 'files', 'f0'))
  const clients = startClients(mounts, params)
  await eventually(() => clients.stats().errors['write']?.['ENOSPC']).toBeGreaterThan(10)
  await eventually(() => clients.stats().operations.unlink).toBeGreaterThan(10)
  const { operations, errors, unexpected, stuckThreads } = await clients.stop()
  expect(operations.write).toBe(0)
  expect(errors['prepare']).toEqual({ ENOSPC: 2 })
  expect({ unexpected, stuckThreads }).toEqual({ unexpected: null, stuckThreads: [] })
})

it('tells of the load that an unexpected error ended, while the others go on', async () => {
  const file = join(folder, 'other', 'files', 'f0')
  await mkdir(file)
  await writeFile(join(file, 'in the way'), '')
  const clients = startClients(mounts, params)
  await eventually(() => clients.stats().unexpected).toMatchObject({ code: 'EISDIR', file })
  const before = clients.stats().operations.unlink
  await eventually(() => clients.stats().operations.unlink).toBeGreaterThan(before)
  expect(await clients.stop()).toMatchObject({ unexpected: { code: 'EISDIR', syscall: 'open', file } })
})

it('does not end well when threads hang in the kernel, and says which', async () => {
  const fifo = join(folder, 'one', 'churn', 'f0')
  await execa('mkfifo', [fifo]) // who opens it for writing waits for a reader
  const tells = await readFile('/proc/self/stack').then(Boolean, () => false) // root's, where the kernel has it
  const where = tells ? ': wait_for_partner < fifo_open .*' : ''
  const clients = startClients(mounts, params, 200)
  await eventually(() => clients.stats().stuckThreads).toHaveLength(1)
  await expect(clients.stop()).rejects.toMatchObject({
    code: 'FCT_LOAD_STUCK',
    message: "the clients' load was stopped, but 1 client thread hung in the kernel",
    detail: expect.stringMatching(
      new RegExp(`^thread 0 has been in prepare of ${fifo} for \\d+ ms${where}$`),
    ) as string,
  })
  await execa('timeout', ['0.2', 'cat', fifo], { reject: false })
})
