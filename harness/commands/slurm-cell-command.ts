import type { Command } from 'commander'
import type { JobEnd } from '../campaign/executor.js'
import { doSlurmCell } from '../campaign/slurm-cell.js'
import type { SlurmCell } from '../campaign/slurm-spool.js'
import { exitStatus } from './exit-status.js'
import { buildContext } from './progress.js'
import { runScenario } from './run.js'

/** `fctorture slurm-cell`: what runs on a node. Nobody types it. */
export function addSlurmCellCommand(
  program: Command,
  finish: (status: number) => void,
  signal: AbortSignal,
): void {
  program
    .command('slurm-cell', { hidden: true })
    .argument('<folder>', 'of the array')
    .action(async (folder: string) => {
      const act = async ({ job, mirrors }: SlurmCell): Promise<JobEnd> => {
        const began = performance.now()
        const context = buildContext(process.stderr, signal, mirrors ?? undefined)
        const { result } = await runScenario(job.options, job.runs, context)
        return { result, seconds: (performance.now() - began) / 1000 }
      }
      await doSlurmCell(folder, process.env, act, signal)
      // To Slurm a finding is no failure.
      finish(exitStatus.pass)
    })
}
