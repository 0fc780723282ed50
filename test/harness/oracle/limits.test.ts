import { expect, it } from 'vitest'
import type { TraceSlice } from '../../../harness/decode/load-trace.js'
import type { TraceSource } from '../../../harness/decode/trace-source.js'
import { judgeSource } from '../../../harness/oracle/oracle.js'
import { TraceBuilder } from '../trace-builder.js'

const papers = { console: '', filecache: [], stressors: [] }

/** Judges one life that stands somewhere else in a trace than it says. */
function judgeMoved(moved: Partial<TraceSlice>): Promise<unknown> {
  const trace = new TraceBuilder().gcLife().dispose().build()
  const source: TraceSource = {
    head: trace,
    async *read() {
      yield await Promise.resolve({ ...trace, ...moved })
    },
  }
  return judgeSource(source, papers, { coverageOf: () => 'whole' })
}

it('the last rows that 31 bits can count are judged', async () => {
  const rows = new TraceBuilder().gcLife().dispose().build().rows.count
  await expect(judgeMoved({ first: 2 ** 31 - 2 - rows })).resolves.toMatchObject({ lives: { ended: 1 } })
})

it('a trace with more rows than 31 bits can count is refused', async () => {
  await expect(judgeMoved({ first: 2 ** 31 - 8 })).rejects.toMatchObject({ code: 'FCT_ORACLE_LIMIT' })
})

it('a trace with more pointers than there can be records is refused', async () => {
  await expect(judgeMoved({ pointers: { length: 2 ** 26 + 1 } })).rejects.toMatchObject({
    code: 'FCT_ORACLE_LIMIT',
  })
})
