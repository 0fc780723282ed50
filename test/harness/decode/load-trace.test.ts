import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FileEvents } from '../../../harness/decode/file-events.js'
import { loadTrace, type Trace } from '../../../harness/decode/load-trace.js'
import { codeOf, nameOf } from '../../../harness/oracle/operations.js'
import { judge } from '../../../harness/oracle/oracle.js'
import { writeTraceDat } from '../../../harness/store/trace-dat.js'
import { fixturesFolder, rawPagesMetadata, readFeatures } from '../fixtures.js'

const raw = fixturesFolder('raw-pages')
const folder = mkdtempSync(join(tmpdir(), 'fct-decode-'))
const read = (name: string): string => readFileSync(join(raw, name), 'utf8')

afterAll(() => {
  rmSync(folder, { recursive: true })
})

describe('a trace.dat made of raw pages of a real 6.1.192', () => {
  let trace: Trace

  beforeAll(async () => {
    const path = join(folder, 'trace.dat')
    const spools = [join(raw, 'cpu0.pages'), join(raw, 'cpu1.pages')]
    await writeTraceDat(path, { metadata: rawPagesMetadata(['fctorture']), cmdlines: '', spools })
    trace = await loadTrace(path)
  })

  it('reads as the kernel prints it', () => {
    const printed = (read('trace.txt').match(/fct_file: .*/g) ?? []).map((line) =>
      line.replace(/may=\w+ /, ''),
    )
    expect(printed.length).toBeGreaterThan(200)
    expect(describeEvents(trace).slice(0, printed.length)).toEqual(printed)
  })

  it('breaks no rule, up to where the pages of one CPU end', () => {
    const features = readFeatures('debian-6.1.192-nfsd-file')
    const report = judge({ trace, coverage: 'cut', features, console: 'x', filecache: [], stressors: [] })
    expect(report.findings).toEqual([])
    expect(report.applied).toContain('lru-alternates')
    expect(report.lives.ended).toBeGreaterThan(10)
    expect(report.gaps).toMatchObject([{ cpu: 0 }])
  })
})

it('a file that is no trace.dat is refused with a code', async () => {
  const path = join(folder, 'no-trace')
  writeFileSync(path, 'tracing6')
  await expect(loadTrace(path)).rejects.toMatchObject({
    code: expect.stringMatching(/^FCT_DECODE_/) as unknown,
  })
})

/** The print format of fct_file without `may`, from what the view says. */
function describeEvents(trace: Trace): string[] {
  const events = FileEvents.over(trace, codeOf)
  const pointer = (id: number): string => (trace.pointers[id] ?? 0n).toString(16).padStart(16, '0')
  const lines: string[] = []
  for (let row = 0; events && row < trace.rows.count; row++) {
    if (trace.rows.type[row] !== events.type) continue
    events.moveTo(row)
    const { operation, nf, inode, file, ref, flags, status, ms } = events
    const pointers = `nf=${pointer(nf)} inode=${pointer(inode)} file=${pointer(file)}`
    lines.push(
      `fct_file: ${nameOf(operation)} ${pointers} ref=${ref} flags=0x${flags.toString(16)} status=${status} ms=${ms}`,
    )
  }
  return lines
}
