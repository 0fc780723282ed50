import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { BisectDocument } from '../../harness/bisect/result.js'
import { packageRoot } from '../../harness/folders.js'
import { obtainKernel } from '../../vms/kernels/kernels.js'
import type { KernelSource } from '../../vms/kernels/kernel.js'
import { nfsdPaths } from '../../vms/kernels/nfsd-source.js'
import { findRegression } from '../../vms/regressions/regressions.js'
import { git, makeHistory, type MadeHistory } from '../nfsd-history.js'
import { quietContext } from '../stock-kernel.js'

const count = 24
const at = 14
const cli = join(packageRoot, 'harness', 'fctorture.mjs')
let folder = ''
let tree = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fct-test-bisect-'))
  tree = join(folder, 'linux')
  await mkdir(tree)
})

afterEach(() => rm(folder, { recursive: true }))

/** Of debian:6.1, with a regression that a load of 3 s does not always show. */
async function history(exportSource: (source: KernelSource) => Promise<void>): Promise<MadeHistory> {
  const { kernel } = await obtainKernel({ name: 'debian:6.1', patches: [], profile: 'stock' }, quietContext)
  if (kernel.source === undefined) throw new Error('debian:6.1 has a source')
  await exportSource(kernel.source)
  const { patches } = await findRegression('sync-close-frees-held')
  return makeHistory(tree, count, { at, patch: patches.get('6.1') ?? '' })
}

const load = ['--scenario', 'CLOSE01', '--time', '3', '--signature', 'free-at-zero']

/** Killed after its first runs, and started again by the same command. */
async function bisect(args: readonly string[]): Promise<BisectDocument> {
  const kept = ['--state', join(folder, 'state'), '--runs', join(folder, 'runs'), '--json']
  const command = [cli, 'bisect', ...args, ...load, ...kept]
  const first = execa(process.execPath, command, { reject: false })
  let runs = 0
  first.stderr.on('data', (chunk: Buffer) => {
    runs += [...String(chunk).matchAll(/^bisect: {3}(hit|miss)/gm)].length
    if (runs >= 2) first.kill('SIGKILL')
  })
  const killed = await first
  expect({ signal: killed.signal, stderr: killed.stderr }).toMatchObject({ signal: 'SIGKILL' })
  const { stdout, stderr, exitCode } = await execa(process.execPath, command, { reject: false })
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 })
  return JSON.parse(stdout) as BisectDocument
}

it('finds the patch of a series that brings a failure which is not there in every run', async () => {
  const { good } = await history((source) => source.exportPaths(nfsdPaths, tree, quietContext))
  const series = join(folder, 'series')
  await git(tree, 'format-patch', '--quiet', '-o', series, good)
  const document = await bisect(['--series', series, '--base', 'debian:6.1'])
  expect(document.culprit?.subject).toBe(`nfsd: change ${at}`)
  expect(document.culprit?.probability).toBeGreaterThanOrEqual(0.99)
  expect(document.verification).toMatchObject({ outcome: 'holds', hits: 0 })
})

it('finds a commit of a git tree; commits that differ in fs/nfsd share a kernel', async () => {
  const { good, commits } = await history((source) => source.exportAll(tree, quietContext))
  const document = await bisect(['--tree', tree, '--good', good])
  expect(document.culprit?.id).toBe(commits[at])
  expect(await readFile(join(document.state, 'mail.txt'), 'utf8')).toContain(
    `Fixes: ${commits[at]?.slice(0, 12) ?? ''}`,
  )
  const { moduleBuild, kernelBuild } = document.seconds
  expect(moduleBuild).toBeLessThan((kernelBuild ?? 0) / 20)
  expect(await git(tree, 'status', '--porcelain')).toBe('')
})

it('git bisect run believes the exit status of fctorture run, and skips what does not build', async () => {
  const { good } = await history((source) => source.exportPaths(nfsdPaths, tree, quietContext))
  await git(tree, 'format-patch', '--quiet', '-o', join(folder, 'all'), good)
  const names = (await execa('ls', [join(folder, 'all')])).stdout.split('\n').slice(1, 8)
  const { patches } = await findRegression('mark-leak')
  // A repository of patches instead of a kernel's: each commit adds one to the series, the sixth the regression;
  // the third of seven, where git begins, does not build.
  const queue = join(folder, 'queue')
  await mkdir(queue)
  await git(queue, 'init', '--quiet')
  await commitPatch(queue, 'a.patch', await readFile(join(folder, 'all', names[0] ?? ''), 'utf8'))
  for (const [index, name] of ['b', 'c', 'd', 'e'].entries())
    await commitPatch(
      queue,
      `${name}.patch`,
      await readFile(join(folder, 'all', names[index + 1] ?? ''), 'utf8'),
    )
  await commitPatch(queue, 'f.patch', await readFile(patches.get('6.1') ?? '', 'utf8'))
  const culprit = await git(queue, 'rev-parse', 'HEAD')
  await commitPatch(queue, 'g.patch', await readFile(join(folder, 'all', names[5] ?? ''), 'utf8'))
  await git(queue, 'bisect', 'start', 'HEAD', 'HEAD~6')
  const run = [
    'run',
    'CLOSE01',
    '--kernel',
    'debian:6.1',
    '--patch',
    '.',
    '--time',
    '8',
    '--runs',
    join(folder, 'runs'),
  ]
  await git(queue, 'bisect', 'run', process.execPath, cli, ...run)
  const log = await git(queue, 'bisect', 'log')
  expect(log).toContain(`# first bad commit: [${culprit}]`)
  expect(log).toContain('git bisect skip')
})

async function commitPatch(queue: string, name: string, text: string): Promise<void> {
  await writeFile(join(queue, name), text)
  await git(queue, 'add', '--all')
  await git(queue, 'commit', '--quiet', '--message', name)
}
