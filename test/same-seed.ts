import { join } from 'node:path'
import { execa } from 'execa'
import { packageRoot } from '../harness/folders.js'
import { runFctorture, type Ended } from './run-fctorture.js'

/** What two deterministic runs of one seed must have in common. */
export interface Outcome {
  readonly ended: Ended
  /** Of console.log and trace.dat. */
  readonly hashes: string
}

/** RESCHED01 on a deterministic guest. */
export async function runSeed(
  runs: string,
  seed: number,
  seconds: number,
  kernel = 'debian:6.1',
): Promise<Outcome> {
  const args = ['--deterministic', '--seed', String(seed), '--time', String(seconds), '--kernel', kernel]
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
