import { appendFileSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { CellJob, Executor, JobEnd } from '../../../../harness/campaign/executor.js'
import { findEnd } from '../../../../harness/campaign/find-end.js'
import type { ResultDocument, VerdictName } from '../../../../harness/verdict/result.js'
import { findingOf, resultOf } from '../../store/store-fixtures.js'

export interface SmallRun {
  readonly verdict: VerdictName
  readonly signatures?: readonly string[]
}

/** Does runs without a kernel: writes what a run leaves, and a line to `log` when it begins and when it is done. */
export function smallExecutor(
  log: string,
  come: (job: CellJob) => SmallRun | null,
  { ms = 0, slots = 1 } = {},
): Executor {
  return {
    ...{ name: 'small', slotsOf: () => slots, resume: findEnd },
    run: async (job, listener) => {
      const { seed } = job.options
      const name = `${job.cell.kernel} ${job.cell.scenario} ${String(seed)}`
      appendFileSync(log, `begin ${name}\n`)
      const folder = join(job.runs, `${job.cell.scenario}-${String(seed)}`)
      mkdirSync(folder, { recursive: true })
      listener.onPhase('load')
      listener.onLoad({ seconds: 1, clients: 100, stressors: {}, traceBytes: 4096 })
      await delay(ms)
      const run = come(job)
      if (run === null) return null
      const end: JobEnd = { result: documentOf(run, job, folder), seconds: ms / 1000 }
      const text = `${JSON.stringify(end.result, null, 2)}\n`
      // Half of it first, as a kill may leave it.
      writeFileSync(join(folder, 'verdict.json'), text.slice(0, 100))
      writeFileSync(join(folder, 'verdict.new'), text)
      renameSync(join(folder, 'verdict.new'), join(folder, 'verdict.json'))
      appendFileSync(log, `end ${name}\n`)
      await delay(ms / 2)
      return end
    },
  }
}

function documentOf({ verdict, signatures = [] }: SmallRun, job: CellJob, run: string): ResultDocument {
  const { seed, time } = job.options
  const findings = signatures.map((signature) => findingOf(signature))
  return resultOf(verdict, { run, seed, scenario: job.cell.scenario, guestSeconds: time, findings })
}
