import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { packageRoot } from '../harness/folders.js'
import type { ResultDocument } from '../harness/verdict/result.js'

export interface Ended {
  readonly exitCode: number | undefined
  readonly stderr: string
  readonly result: ResultDocument
  /** run.json */
  readonly record: RunJson
}

export interface RunJson {
  readonly kernel: {
    readonly release: string
    readonly nfsd?: { readonly srcversion: string | null; readonly buildId: string | null }
  }
}

/** `fctorture run SCENARIO --json ...` as a user starts it, in a process of its own. */
export async function runFctorture(
  runs: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  scenario = 'CLOSE01',
): Promise<Ended> {
  const cli = join(packageRoot, 'harness', 'fctorture.mjs')
  const command = ['run', scenario, '--json', '--runs', runs, ...args]
  const { exitCode, stdout, stderr } = await execa(process.execPath, [cli, ...command], {
    reject: false,
    env,
  })
  const result = JSON.parse(stdout) as ResultDocument
  const record = JSON.parse(await readFile(join(result.run, 'run.json'), 'utf8')) as RunJson
  return { exitCode, stderr, result, record }
}
