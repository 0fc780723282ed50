import { dirname } from 'node:path'
import { runProgram, type ProgramFailure } from '../program.js'

const timeoutMs = 120_000

/**
 * Runs git outside of any repository and apart from the user's settings.
 *
 * Below a repository `git apply` silently skips what is not in its folder of that repository, hence the ceiling; settings such
 * as apply.whitespace or mailinfo.scissors would change what comes out, hence no configuration.
 *
 * @param inputFile becomes stdin.
 * @returns stdout, one character a byte.
 */
export async function runGit(
  args: readonly string[],
  cwd: string,
  failure: ProgramFailure,
  inputFile?: string,
): Promise<string> {
  const env = {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    HOME: cwd,
    LC_ALL: 'C',
    GIT_CEILING_DIRECTORIES: dirname(cwd),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
  }
  return runProgram('git', args, failure, {
    cwd,
    env,
    extendEnv: false,
    encoding: 'latin1',
    stripFinalNewline: false,
    timeout: timeoutMs,
    ...(inputFile === undefined ? {} : { stdin: { file: inputFile } }),
  })
}
