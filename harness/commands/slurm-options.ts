import { join, resolve } from 'node:path'
import { InvalidArgumentError, type Command } from 'commander'
import type { BuildContext } from '../../vms/cache.js'
import { SlurmExecutor, mostSlots } from '../campaign/slurm-executor.js'
import { UsageError } from '../fct-error.js'
import { packageRoot } from '../folders.js'
import { parcelsIn } from './slurm-pack.js'

/** Options of `nightly --executor slurm`, as commander has them. */
export interface SlurmArguments {
  readonly slurmFolder?: string
  readonly slurmRuns: number
  readonly slurmConstraint?: string
  readonly slurmMinutes: number
  readonly slurmCache?: string
  readonly slurmShip?: boolean
  readonly slurmProgram?: string
}

export function addSlurmOptions(command: Command): Command {
  return command
    .option(
      '--slurm-folder <folder>',
      'slurm: where cells and results are exchanged; nodes see it under the same name',
    )
    .option('--slurm-runs <number>', 'slurm: runs that the cluster does at once', wholeNumber(mostSlots), 8)
    .option('--slurm-constraint <features>', 'slurm: what a node must have, as `sbatch --constraint`: kvm')
    .option(
      '--slurm-minutes <number>',
      'slurm: time that a run may take beside its load, what it has to build included',
      wholeNumber(10_000),
      120,
    )
    .option('--slurm-cache <folder>', 'slurm: XDG_CACHE_HOME on the nodes, shared by them or each its own')
    .option(
      '--slurm-ship',
      'slurm: make what runs need here, and send it to the caches of the nodes, which share none',
    )
    .option(
      '--slurm-program <file>',
      'slurm: fctorture on the nodes, where it is not in the same place as here',
    )
}

function wholeNumber(most: number): (text: string) => number {
  return (text) => {
    const number = Number(text)
    if (/^\d+$/.test(text) && number >= 1 && number <= most) return number
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${most}.`)
  }
}

/** @throws UsageError FCT_SLURM_FOLDER_MISSING */
export function slurmExecutor(options: SlurmArguments, context: BuildContext): SlurmExecutor {
  const { slurmFolder, slurmRuns, slurmConstraint, slurmMinutes, slurmCache, slurmShip, slurmProgram } =
    options
  if (slurmFolder === undefined)
    throw new UsageError('FCT_SLURM_FOLDER_MISSING', '--executor slurm needs --slurm-folder')
  const program =
    slurmProgram === undefined
      ? [process.execPath, join(packageRoot, 'harness', 'fctorture.mjs')]
      : [resolve(slurmProgram)]
  const { mirrors } = context
  const spool = resolve(slurmFolder)
  return new SlurmExecutor({
    spool,
    slots: slurmRuns,
    minutesBesideLoad: slurmMinutes,
    command: [...program, 'slurm-cell'],
    say: (line) => process.stderr.write(`${line}\n`),
    ...(slurmConstraint !== undefined && { constraint: slurmConstraint }),
    ...(slurmCache !== undefined && { cache: resolve(slurmCache) }),
    ...(mirrors && { mirrors }),
    ...(slurmShip === true && { pack: parcelsIn(join(spool, 'parcels'), context) }),
  })
}
