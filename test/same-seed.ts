import { join } from 'node:path'
import { execa } from 'execa'
import { packageRoot } from '../harness/folders.js'
import { runFctorture, type Ended } from './run-fctorture.js'

/**
 * What the packages of 6.1 and 6.12 still have (vms/fixes, put-reads-after-handover), as forced switches show it: whatever a seed
 * finds beside it is news.
 */
export const knownFinding =
  'console-splat: general protection fault in list_lru_del from nfsd_file_lru_remove'

/** The same bug, where the entry's memory has been used again before its poison was read. */
export const knownFindings: readonly string[] = [
  knownFinding,
  'console-splat: list_del corruption in nfsd_file_lru_remove',
]

/** What two deterministic runs of one seed must have in common. */
export interface Outcome {
  readonly ended: Ended
  /** Of console.log and trace.dat. */
  readonly hashes: string
}

/**
 * The first of some seeds whose run came to its end.
 *
 * @throws Error if one before it found anything but what is known, or none came to its end
 */
export async function firstThatPasses(
  runs: string,
  seeds: readonly number[],
  seconds: number,
  more: readonly string[] = [],
): Promise<Outcome> {
  for (const seed of seeds) {
    const outcome = await runSeed(runs, seed, seconds, 'debian:6.1', more)
    const { verdict, findings, reasons } = outcome.ended.result
    if (verdict === 'PASS') return outcome
    const isKnown =
      findings.length > 0 && findings.every(({ signature }) => knownFindings.includes(signature))
    if (!isKnown) throw new Error(`seed ${String(seed)}: ${verdict} ${JSON.stringify({ findings, reasons })}`)
  }
  throw new Error(`none of the seeds ${seeds.join(', ')} passed`)
}

/** RESCHED01 on a deterministic guest. @param more Further options of `fctorture run` */
export async function runSeed(
  runs: string,
  seed: number,
  seconds: number,
  kernel = 'debian:6.1',
  more: readonly string[] = [],
): Promise<Outcome> {
  const usual = ['--deterministic', '--seed', String(seed), '--time', String(seconds), '--kernel', kernel]
  const args = [...usual, ...more]
  const ended = await runFctorture(runs, args, {}, 'RESCHED01')
  const { stdout } = await execa('sha256sum', ['console.log', 'trace.dat'], { cwd: ended.result.run })
  return { ended, hashes: stdout }
}

/** Any other command with a document. */
export async function askFctorture(
  args: readonly string[],
): Promise<{ exitCode: number; document: unknown; stderr: string }> {
  const cli = join(packageRoot, 'harness', 'fctorture.mjs')
  const { exitCode = -1, stdout, stderr } = await execa(process.execPath, [cli, ...args], { reject: false })
  return { exitCode, document: stdout === '' ? undefined : (JSON.parse(stdout) as unknown), stderr }
}

/**
 * Searches a few seeds of RESCHED01 with a busted module, and replays what was found.
 *
 * @param more Further options of `fctorture search`
 * @throws Error if nothing was found
 */
export async function searchAndReplay(
  runs: string,
  more: readonly string[] = [],
): Promise<{ document: unknown; signature: string; replayed: unknown }> {
  const where = ['--json', '--runs', runs]
  const search = ['search', 'RESCHED01', '--seeds', '1..4', '--time', '2', '--busted', ...where, ...more]
  const { exitCode, document, stderr } = await askFctorture(search)
  const [finding] = (document as { findings: { run: string; signature: string }[] }).findings
  if (exitCode !== 1 || finding === undefined)
    throw new Error(`nothing was found (${String(exitCode)}): ${stderr}`)
  const { document: replayed } = await askFctorture(['replay', finding.run, ...where])
  return { document, signature: finding.signature, replayed }
}
