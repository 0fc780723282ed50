import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { downloadPackages, usePackages } from '../../../vms/kernels/debian-packages.js'

// The smallest package that is part of a kernel.
const entry = {
  name: 'debian:small',
  suites: ['bookworm'],
  securitySuites: [],
  image: 'linux-kbuild-6.1',
  headers: 'linux-kbuild-6.1',
}
const said: string[] = []
const context = {
  announce: (title: string) => {
    said.push(title)
    return () => undefined
  },
  signal: new AbortController().signal,
}

let home = ''

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'fct-packages-test-'))
  vi.stubEnv('XDG_CACHE_HOME', home)
})

afterAll(async () => {
  vi.unstubAllEnvs()
  await rm(home, { recursive: true })
})

it('asks the archive again when it has no longer what is remembered, and only then', async () => {
  const debs = join(home, 'debs')
  const download = async (packages: readonly string[]): Promise<readonly string[]> => {
    await downloadPackages(entry, packages, debs, context)
    return packages
  }
  const first = await usePackages(entry, context, download)
  expect(first).toEqual([expect.stringMatching(/^linux-kbuild-6\.1=6\.1\.\d+-\d+$/)])

  const resolved = join(home, 'fctorture', 'resolved')
  const [memory = ''] = await readdir(resolved)
  await writeFile(join(resolved, memory), JSON.stringify(['linux-kbuild-6.1=6.1.1-1']))
  await rm(debs, { recursive: true })
  const askings: string[] = []
  const used = await usePackages(entry, context, (packages) => {
    askings.push(...packages)
    return download(packages)
  })
  expect(askings).toEqual(['linux-kbuild-6.1=6.1.1-1', ...first])
  expect(used).toEqual(first)
  expect(await readdir(debs)).toHaveLength(1)
  expect(JSON.parse(await readFile(join(resolved, memory), 'utf8'))).toEqual(first)
  expect(said).toContain('what was known of debian:small is no longer in the archive')
})

it('says what to do when a package for itself is gone', async () => {
  const download = downloadPackages(entry, ['linux-source-6.1=6.1.1-1'], join(home, 'debs'), context)
  await expect(download).rejects.toMatchObject({
    code: 'FCT_KERNEL_GONE',
    detail: expect.stringMatching(
      /for 'linux-source-6\.1' was not found[^]*Without .*\.json it is asked again\./,
    ) as string,
  })
})

it('keeps what it remembers when something else goes wrong', async () => {
  const failure = new Error('no room')
  const uses: unknown[] = []
  const used = usePackages(entry, context, (packages) => {
    uses.push(packages)
    return Promise.reject(failure)
  })
  await expect(used).rejects.toBe(failure)
  expect(uses).toHaveLength(1)
})
