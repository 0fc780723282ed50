import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { stringify } from 'yaml'
import type { Mirrors } from '../../vms/apt-root.js'
import { highestRate } from '../bisect/rates.js'
import { rateOf, type Counts, type Rate } from '../campaign/rate.js'
import { FctError } from '../fct-error.js'
import { rateText } from '../replay/minimum-text.js'
import { readRecordedRun, signatureIn, type RecordedRun } from '../replay/recorded-run.js'
import { outcomeOf, type Outcome } from '../replay/run-outcome.js'
import type { MachineRequest, PlanOptions } from '../scenario/plan.js'
import { exitStatus } from './exit-status.js'
import { buildContext } from './progress.js'
import { runScenario } from './run.js'

export interface ReproOptions {
  readonly signature?: string
  readonly kernel?: string
  readonly hits: number
  readonly most: number
  readonly json?: boolean
  readonly runs: string
  readonly machine: MachineRequest | undefined
  readonly mirrors: Mirrors | undefined
}

/** How often it shows at one place. */
interface Side {
  /** A kernel's name, or ssh://... */
  readonly place: string
  readonly rate: Rate
}

interface ReproDocument {
  readonly schema: 1
  readonly exit: number
  readonly signature: string
  readonly found: Side
  readonly repeated: Side & {
    /** In how many of the first runs it had not shown; null if it did not. */
    readonly shownAfter: number | null
    readonly noVerdict: number
    readonly runs: readonly string[]
  }
}

/** So many runs in a row without a verdict: it will be the same with the next ones. */
const mostNone = 5

/** @returns 1 if it showed, 0 if not, 125 if no run had a verdict */
export async function reproCommand(run: string, options: ReproOptions, signal: AbortSignal): Promise<number> {
  const recorded = await readRecordedRun(run)
  const signature = signatureIn(recorded.result, options.signature)
  const found = { place: placeOf(recorded), rate: rateOf(await countWhereFound(run, recorded, signature)) }
  const document = documentOf(signature, found, options, await repeat(recorded, signature, options, signal))
  process.stdout.write(options.json === true ? `${JSON.stringify(document, null, 2)}\n` : describe(document))
  return document.exit
}

function placeOf({ machine, kernel, release }: RecordedRun): string {
  return machine ?? [release ?? kernel.name, ...kernel.patches].join(' with ')
}

interface Repeated {
  readonly outcome: Outcome
  readonly run: string
}

/** The seed that found it first, then others. */
async function repeat(
  recorded: RecordedRun,
  signature: string,
  { kernel, hits, most, machine, mirrors, runs }: ReproOptions,
  signal: AbortSignal,
): Promise<Repeated[]> {
  const context = buildContext(process.stderr, signal, mirrors)
  const folder = await mkdtemp(join(tmpdir(), 'fctorture-repro-'))
  const scenario = join(folder, `${recorded.scenario.name}.yaml`)
  const { busted, deterministic, pct } = recorded
  const plan: PlanOptions = {
    ...{ scenario, busted, machine },
    ...(machine === undefined && { deterministic, pct }),
    kernel: { ...recorded.kernel, ...(kernel !== undefined && { name: kernel }) },
  }
  const done: Repeated[] = []
  const isEnough = (): boolean =>
    count(done).hits >= hits ||
    done.length >= most ||
    done.slice(-mostNone).filter(isNone).length === mostNone
  try {
    await writeFile(scenario, stringify(recorded.scenario))
    while (!isEnough()) {
      const seed = done.length === 0 ? { seed: recorded.seed } : {}
      const { result } = await runScenario({ ...plan, ...seed }, runs, context)
      signal.throwIfAborted()
      done.push({ outcome: outcomeOf(result, signature), run: result.run })
      process.stderr.write(`repro: ${rateText(rateOf(count(done)))}\n`)
    }
  } finally {
    await rm(folder, { recursive: true })
  }
  return done
}

function isNone({ outcome }: Pick<Repeated, 'outcome'>): boolean {
  return outcome === 'none'
}

function count(done: readonly Pick<Repeated, 'outcome'>[]): Counts {
  const hits = done.filter(({ outcome }) => outcome === 'hit').length
  return { hits, trials: done.filter((each) => !isNone(each)).length }
}

/** Runs beside it that were of the same scenario, on the same kernel or machine, with other seeds. */
async function countWhereFound(run: string, recorded: RecordedRun, signature: string): Promise<Counts> {
  const beside = dirname(resolve(run))
  const outcomes: { outcome: Outcome }[] = []
  for (const name of await readdir(beside)) {
    const other = await readRecordedRun(join(beside, name)).catch(unlessInvalid)
    if (other !== null && whatOf(other) === whatOf(recorded))
      outcomes.push({ outcome: outcomeOf(other.result, signature) })
  }
  return count(outcomes)
}

/** Other folders, and runs that were broken off. */
function unlessInvalid(error: unknown): null {
  if (error instanceof FctError && error.code === 'FCT_RUN_INVALID') return null
  throw error
}

function whatOf({ scenario, kernel, busted, deterministic, pct, release, machine }: RecordedRun): string {
  return JSON.stringify({ scenario, kernel, busted, deterministic, pct, release, machine })
}

function documentOf(
  signature: string,
  found: Side,
  { kernel, machine }: ReproOptions,
  done: readonly Repeated[],
): ReproDocument {
  const rate = rateOf(count(done))
  const first = done.filter((each) => !isNone(each)).findIndex(({ outcome }) => outcome === 'hit')
  const repeated = {
    ...{ place: machine?.address ?? kernel ?? 'the same kernel, in a guest here', rate },
    ...{ shownAfter: first < 0 ? null : first, noVerdict: done.filter(isNone).length },
    runs: done.map(({ run }) => run),
  }
  const exit = rate.hits > 0 ? exitStatus.fail : rate.trials > 0 ? exitStatus.pass : exitStatus.noVerdict
  return { schema: 1, exit, signature, found, repeated }
}

function describe({ signature, found, repeated }: ReproDocument): string {
  const { place, rate, shownAfter, noVerdict } = repeated
  const lines = [
    signature,
    `  where it was found (${found.place}): ${rateText(found.rate)}`,
    `  repeated (${place}): ${rateText(rate)}`,
  ]
  if (shownAfter !== null) lines.push(`  shown by run ${String(shownAfter + 1)}`)
  else if (rate.trials > 0)
    lines.push(
      `  not shown: at 95 % its rate is below ${(100 * highestRate(rate.trials)).toFixed(1)} % there`,
    )
  if (noVerdict > 0) lines.push(`  ${String(noVerdict)} runs came to no verdict`)
  return lines.join('\n') + '\n'
}
