import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { runFctorture } from '../run-fctorture.js'

let runs = ''
let home = ''

beforeAll(async () => {
  runs = await mkdtemp(join(tmpdir(), 'fct-test-runs-'))
})

afterAll(() => rm(runs, { recursive: true }))

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'fct-test-clean-cache-'))
})

afterEach(() => rm(home, { recursive: true }))

/** The linker's hash of the nfsd.ko that the kernel's package brings. */
async function buildIdOfPackage(release: string): Promise<string> {
  const [hash = ''] = await readdir(join(home, 'fctorture', 'kernel'))
  const folder = join(home, 'fctorture', 'kernel', hash, 'lib', 'modules', release, 'kernel', 'fs', 'nfsd')
  const [name = ''] = (await readdir(folder)).filter((file) => file.startsWith('nfsd.ko'))
  if (name.endsWith('.xz')) await execa('xz', ['--decompress', join(folder, name)])
  const { stdout } = await execa('readelf', ['--notes', join(folder, 'nfsd.ko')])
  return /Build ID: (\w+)/.exec(stdout)?.[1] ?? ''
}

it.each([
  ['debian:5.10.218', /^5\.10\.0-30-amd64$/],
  ['debian:5.10', /^5\.10\.0-\d+-amd64$/],
  ['debian:6.1', /^6\.1\.0-\d+-amd64$/],
  ['debian:6.12', /^6\.12\.\d+\+deb13-amd64$/],
  ['debian:7.3', /^7\.3\.4\+deb13-amd64$/],
])('runs CLOSE01 on %s from a clean cache', async (kernel, release) => {
  const env = { XDG_CACHE_HOME: home }
  const { result, record, stderr } = await runFctorture(runs, ['--kernel', kernel, '--time', '10'], env)
  expect({ verdict: result.verdict, reasons: result.reasons, stderr }).toMatchObject({
    verdict: expect.stringMatching(/^(PASS|INCONCLUSIVE)$/) as string,
  })
  expect(record.kernel.release).toMatch(release)
  expect(record.kernel.nfsd?.buildId).toBe(await buildIdOfPackage(record.kernel.release))
  expect(result.kernel.build).toMatchObject({ kernel: 'package', nfsd: 'as built' })
  expect(result.events).toMatchObject({ lost: 0, unexplained: 0 })
  for (const name of ['close', 'acquire', 'shrink', 'gc'])
    expect(result.stressors[name]?.useful, name).toBeGreaterThan(0)
})
