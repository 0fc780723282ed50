import { join } from 'node:path'
import { execa } from 'execa'
import { FctError } from '../fct-error.js'
import { packageRoot } from '../folders.js'

/** What arrays ask of the cluster. */
export interface ArrayRequest {
  /** The array's folder, and its name in Slurm. */
  readonly folder: string
  readonly name: string
  readonly size: number
  /** Does a cell: program and arguments, to which the folder is added. */
  readonly command: readonly string[]
  /** Wall time that Slurm gives each attempt. */
  readonly minutes: number
  /** `sbatch --constraint`. */
  readonly constraint: string | undefined
  /** XDG_CACHE_HOME on the nodes. */
  readonly cache: string | undefined
}

/** An element as the controller sees it. */
export interface Element {
  /** Of its array. */
  readonly name: string
  readonly index: number
  /** `1234_5` */
  readonly id: string
  /** `RUNNING` */
  readonly state: string
  readonly node: string
  readonly reason: string
  /** Nothing more comes of it. */
  readonly isOver: boolean
}

const answerMs = 60_000
/** job_state_string() in Slurm's src/common/slurm_protocol_defs.c: those of IS_JOB_FINISHED. */
const lastStates = new Set(
  'BOOT_FAIL CANCELLED COMPLETED DEADLINE FAILED NODE_FAIL OUT_OF_MEMORY PREEMPTED TIMEOUT'.split(' '),
)
/** A guest has two. */
const cpus = 2

/** Slurm's elements are 0 to `size` - 1. @throws FctError FCT_SLURM_REFUSED, FCT_SLURM_MISSING */
export async function submitArray(request: ArrayRequest): Promise<void> {
  const { folder, name, size, command, minutes, constraint, cache } = request
  const options = [
    ...['--parsable', '--requeue', '--open-mode=append', '--output=%a.log'],
    ...[`--job-name=${name}`, `--array=0-${String(size - 1)}`, `--chdir=${folder}`],
    ...[`--time=${String(Math.ceil(minutes))}`, `--cpus-per-task=${String(cpus)}`],
    // Names only: Slurm takes values from sbatch's environment, and none of them has to be quoted.
    `--export=PATH,HOME${cache === undefined ? '' : ',XDG_CACHE_HOME'}`,
    ...(constraint === undefined ? [] : [`--constraint=${constraint}`]),
  ]
  const script = join(packageRoot, 'harness', 'campaign', 'slurm-batch.sh')
  const env = cache === undefined ? {} : { XDG_CACHE_HOME: cache }
  await ask('FCT_SLURM_REFUSED', 'sbatch', [...options, script, folder, ...command], env)
}

/** All elements of this user's arrays that the controller still knows, also those that ended a short while ago. */
export async function listElements(): Promise<Element[]> {
  const args = ['--noheader', '--array', '--me', '--states=all', '--format=%j|%F|%K|%T|%N|%r']
  const text = await ask('FCT_SLURM_SILENT', 'squeue', args)
  return text.split('\n').flatMap((line) => {
    const [name = '', job = '', index = '', state = '', node = '', reason = ''] = line.split('|')
    if (!name.startsWith('fct-') || !/^\d+$/.test(index)) return []
    // Slurm holds what it could not start, until somebody looks.
    const isOver = lastStates.has(state) || (state === 'PENDING' && /held/i.test(reason))
    return [{ name, index: Number(index), id: `${job}_${index}`, state, node, reason, isOver }]
  })
}

/** How an element ended, where the cluster keeps accounts; empty where it does not. */
export async function accountOf({ id }: Pick<Element, 'id'>): Promise<string> {
  const args = [
    '--noheader',
    '--parsable2',
    '--allocations',
    '--format=State,ExitCode,NodeList',
    `--jobs=${id}`,
  ]
  const text = await ask('FCT_SLURM_SILENT', 'sacct', args).catch(() => '')
  return text.trim().replaceAll('|', ' ')
}

/** @param which `--name=fct-...` for an array, `1234_5` for an element. What is over already is none of its concern. */
export async function cancel(which: string): Promise<void> {
  await ask('FCT_SLURM_SILENT', 'scancel', ['--quiet', which])
}

async function ask(
  code: `FCT_${string}`,
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  // The answer says what went wrong in English, whatever the user speaks.
  const options = { reject: false, timeout: answerMs, env: { ...env, LC_ALL: 'C' } } as const
  const result = await execa(program, args, { ...options, stdin: 'ignore' })
  if (!result.failed) return result.stdout
  if (result.code === 'ENOENT')
    throw new FctError('FCT_SLURM_MISSING', `${program} is not there`, 'Debian has it in slurm-client.')
  const how = result.timedOut ? `did not answer within ${String(answerMs / 1000)} s` : 'failed'
  throw new FctError(code, `${program} ${how}`, result.stderr.trim().split('\n').slice(-10).join('\n'))
}
