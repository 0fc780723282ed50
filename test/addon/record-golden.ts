/**
 * Makes a fixture of test/fixtures/golden for each kernel named: `node dist/test/addon/record-golden.js debian:6.1 ...`, with
 * all of the catalogue if none is. A short run is recorded as always; a few raw pages of it are kept, with the formats and
 * header_page that its kernel gave, as trace.dat.gz, and what `trace-cmd report -R -t` reads in those as report.txt.gz: libtraceevent's
 * reading, none of ours.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { execa } from 'execa'
import { packageRoot } from '../../harness/folders.js'
import { readCatalogue } from '../../vms/kernels/catalogue.js'

const scenario = 'CLOSE01'
const seconds = 8
const pagesPerCpu = 12
const pageSize = 4096

async function record(kernel: string): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'fct-golden-'))
  try {
    const cut = join(scratch, 'trace.dat')
    await writeFile(cut, takePages(await readFile(await runOnce(kernel, scratch))))
    const { stdout } = await execa('trace-cmd', ['report', '-R', '-t', cut])
    const fixture = join(packageRoot, 'test', 'fixtures', 'golden', kernel.replace(':', '-'))
    await mkdir(fixture, { recursive: true })
    await writeFile(join(fixture, 'trace.dat.gz'), gzipSync(await readFile(cut), { level: 9 }))
    await writeFile(join(fixture, 'report.txt.gz'), gzipSync(`${stdout}\n`, { level: 9 }))
    console.log(`${kernel}: ${stdout.split('\n').length} lines`)
  } finally {
    await rm(scratch, { recursive: true })
  }
}

/** The trace.dat of a run, whatever its verdict is. */
async function runOnce(kernel: string, scratch: string): Promise<string> {
  const program = join(packageRoot, 'harness', 'fctorture.mjs')
  const args = ['run', scenario, '--kernel', kernel, '--time', String(seconds), '--runs', scratch, '--json']
  const { stdout } = await execa(program, args, { reject: false })
  const { run, verdict } = JSON.parse(stdout) as { run: string; verdict: string }
  console.log(`${kernel}: ${verdict}`)
  return join(run, 'trace.dat')
}

/** The same file with pages of the middle only, which are full. Version 6, as runs write it. */
function takePages(whole: Buffer): Buffer {
  const table = whole.indexOf('flyrecord\0') + 'flyrecord\0'.length
  const word = (index: number): number => Number(whole.readBigUInt64LE(table + index * 8))
  const cpus = whole.readUInt32LE(whole.indexOf('options  \0') - 4)
  const head = Buffer.from(whole.subarray(0, word(0)))
  const size = pagesPerCpu * pageSize
  const pages = Array.from({ length: cpus }, (_, cpu) => {
    const [offset, all] = [word(2 * cpu), word(2 * cpu + 1)]
    if (all < size) throw new Error(`CPU ${cpu} has ${all} bytes of pages`)
    head.writeBigUInt64LE(BigInt(head.length + cpu * size), table + cpu * 16)
    head.writeBigUInt64LE(BigInt(size), table + cpu * 16 + 8)
    const first = offset + Math.floor((all - size) / 2 / pageSize) * pageSize
    return whole.subarray(first, first + size)
  })
  return Buffer.concat([head, ...pages])
}

const named = process.argv.slice(2)
for (const kernel of named.length > 0 ? named : readCatalogue().keys()) await record(kernel)
