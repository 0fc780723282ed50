import type { Command } from 'commander'
import { execa } from 'execa'
import { join } from 'node:path'
import { packageRoot } from '../folders.js'
import { withExamples } from '../help/examples.js'
import { exitStatus } from './exit-status.js'

/** `fctorture setup`: what `npm start` does first in a clone. */
export function addSetupCommand(program: Command, finish: (status: number) => void): void {
  const command = program
    .command('setup')
    .description('install what is missing of Debian, build what has to be built, and prepare a guest')
    .action(async () => {
      const setup = join(packageRoot, 'vms', 'setup.mjs')
      const { exitCode } = await execa(process.execPath, [setup], { stdio: 'inherit', reject: false })
      finish(exitCode === 0 ? exitStatus.pass : exitStatus.failed)
    })
  withExamples(command, [
    ['fctorture setup', 'once, where fctorture came as a package; it tells what it installs'],
  ])
}
