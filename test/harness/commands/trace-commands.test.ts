import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { packageRoot } from '../../../harness/folders.js'
import { TraceSpool } from '../../../harness/store/trace-spool.js'
import { fixturesFolder, rawPagesMetadata } from '../fixtures.js'
import { lossyTrace } from '../export/lossy-trace.js'
import { frame } from '../store/frame.js'

const cli = join(packageRoot, 'harness', 'fctorture.mjs')
const file = join(fixturesFolder('trace-dat'), 'zlib.dat')
let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fct-trace-commands-'))
})

afterAll(() => rm(folder, { recursive: true }))

function trace(...args: string[]) {
  return execa(process.execPath, [cli, 'trace', ...args], { reject: false })
}

it('reports as trace-cmd does, losses included, but for how values are spelled', async () => {
  await lossyTrace(folder)
  const path = join(folder, 'lossy.dat')
  const ours = await trace('report', path)
  const theirs = await execa('trace-cmd', ['report', '-R', '-t', path])
  const shapeOf = (line: string): string => line.replaceAll(/=\S*/g, '=')
  expect(ours).toMatchObject({ exitCode: 0, stderr: '' })
  const lines = ours.stdout.split('\n').map(shapeOf)
  expect(lines.length).toBeGreaterThan(500)
  // Of what was lost behind the last event trace-cmd says nothing.
  expect(lines.pop()).toBe('CPU:1 [5 EVENTS DROPPED]')
  expect(lines).toEqual(theirs.stdout.split('\n').map(shapeOf))
})

it('reports what a killed run left in its folder', async () => {
  const pages = await readFile(join(fixturesFolder('raw-pages'), 'cpu0.pages'))
  const run = await mkdtemp(join(folder, 'run-'))
  await new TraceSpool(run, rawPagesMetadata()).receive(
    Readable.from([frame(1, 0, 0, pages.subarray(0, 4096))]),
  )
  const before = await readdir(run)
  const { exitCode, stdout } = await trace('stats', run, '--json')
  expect(exitCode).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ schema: 1, file: run, cpus: [{ pages: 1 }, { pages: 0 }] })
  expect(await readdir(run)).toEqual(before)
})

it('counts, for people and for programs', async () => {
  const { stdout } = await trace('stats', file)
  expect(stdout).toContain('570 events in 788 ticks of the clock; nothing lost')
  expect(stdout).toMatch(/^CPU 0 {2}286 +- +4 +0 +0 +-$/m)
  expect(stdout).toMatch(/^nfsd:nfsd_file_put +71 +- +35 +36$/m)
  const document = JSON.parse((await trace('stats', file, '--json')).stdout) as object
  expect(document).toMatchObject({ schema: 1, version: 7, events: 570, lost: 0, unknownGaps: 0 })
})

it('exports Chrome JSON to stdout or into a file, and tables into a folder', async () => {
  const path = join(folder, 'trace.json')
  const toFile = await trace('export', file, '--output', path)
  const toStdout = await trace('export', file, '--format', 'chrome')
  expect(toFile).toMatchObject({ exitCode: 0, stdout: '' })
  expect(toStdout.stdout).toBe((await readFile(path, 'utf8')).trimEnd())
  const tables = join(folder, 'tables')
  expect(await trace('export', file, '--format', 'csv', '--output', tables)).toMatchObject({ exitCode: 0 })
  const schema = JSON.parse(await readFile(join(tables, 'schema.json'), 'utf8')) as {
    tables: { file: string; rows: number }[]
  }
  for (const table of schema.tables) {
    const lines = (await readFile(join(tables, table.file), 'utf8')).trimEnd().split('\n')
    expect(lines).toHaveLength(1 + table.rows)
  }
  expect(schema.tables.reduce((sum, { rows }) => sum + rows, 0)).toBe(570)
})

it.each([
  ['report', 2],
  ['report', 0],
  ['stats', 0],
  ['export', 1],
])('%s ends quietly when the reader of its output has seen enough', async (command, lines) => {
  const { stdout, stderr, exitCode } = await execa(
    'bash',
    [
      '-o',
      'pipefail',
      '-c',
      `"$0" "$1" trace ${command} "$2" | head -n ${lines}`,
      process.execPath,
      cli,
      file,
    ],
    { reject: false },
  )
  expect(stdout === '' ? [] : stdout.split('\n')).toHaveLength(lines)
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
})

it('names the place in a trace that is damaged, and fails', async () => {
  const damaged = join(folder, 'damaged.dat')
  const bytes = await readFile(file)
  bytes.fill(0xff, 0x1004, 0x1008)
  await writeFile(damaged, bytes)
  const { exitCode, stderr, stdout } = await trace('report', damaged)
  expect({ exitCode, stdout }).toEqual({ exitCode: 128, stdout: '' })
  expect(stderr).toMatch(/^FCT_DECODE_TRUNCATED: .*damaged\.dat: .* \(byte \d+\)$/)
})

it.each([
  [['report', '/nonexistent'], 'FCT_TRACE_UNREADABLE'],
  [['export', file, '--format', 'csv'], 'FCT_EXPORT_OUTPUT'],
  [['export', file, '--format', 'parquet'], 'Allowed choices are chrome, csv'],
  [['report'], 'missing required argument'],
])('answers trace %j with exit status 129 and says why', async (args, words) => {
  const { exitCode, stdout, stderr } = await trace(...args)
  expect(stderr).toContain(words)
  expect({ exitCode, stdout }).toEqual({ exitCode: 129, stdout: '' })
})

it('says what a folder lacks, and which instances a file has', async () => {
  const lacking = await trace('report', folder)
  expect(lacking).toMatchObject({
    exitCode: 128,
    stderr: expect.stringContaining('FCT_TRACE_NOT_FOUND') as string,
  })
  const other = await trace('report', file, '--buffer', 'other')
  expect(other.stderr).toContain('FCT_DECODE_BUFFERS')
  expect(other.exitCode).toBe(128)
})
