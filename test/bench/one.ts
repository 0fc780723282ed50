/** The process of one bench, which is its argument: tells whoever started it each row, and at last what came of it. */
import { benches } from './benches.js'
import type { Told } from './apart.js'
import { runBench } from './run-bench.js'

function tell(told: Told): void {
  process.send?.(told)
}

const bench = benches.find(({ name }) => name === process.argv[2])
if (bench === undefined) throw new Error(`there is no bench ${String(process.argv[2])}`)
tell({
  outcome: await runBench(bench, (row) => {
    tell({ row })
  }),
})
process.disconnect()
