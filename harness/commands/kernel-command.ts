import type { Command } from 'commander'
import { defaultLimitBytes } from '../../vms/cache-gc.js'
import { kernelGcCommand } from './kernel-gc.js'
import { kernelListCommand } from './kernel-list.js'
import { addMirrorOptions } from './kernel-options.js'
import { kernelPatchCommand } from './kernel-patch.js'
import { parseSize } from './parse-size.js'

/** `fctorture kernel ...`: what there is, what it costs, and what a patch would do to it. */
export function addKernelCommand(
  program: Command,
  finish: (status: number) => void,
  signal: AbortSignal,
): void {
  const kernel = program.command('kernel').description('kernels: catalogue, cache, patches')
  kernel
    .command('list')
    .description('the catalogue and what is cached: release, flavour found, size, last use')
    .option('--json', 'one document on stdout')
    .action(async (options: { json?: boolean }) => {
      finish(await kernelListCommand(options))
    })
  kernel
    .command('gc')
    .description('bound the cache: what was not used for longest goes first, what a job uses stays')
    .option('--limit <size>', 'how much may stay', parseSize, defaultLimitBytes)
    .option('--dry-run', 'only say what would go')
    .option('--json', 'one document on stdout')
    .action(async (options: { limit: number; dryRun?: boolean; json?: boolean }) => {
      finish(await kernelGcCommand(options))
    })
  addMirrorOptions(
    kernel
      .command('patch')
      .description("the diff that patches come to on a kernel's source, on stdout")
      .argument('<path...>', 'patch files, mboxes, review mails, or folders with a series')
      .option(
        '--kernel <name>',
        'the kernel whose source they are for; without it --show tells what they hold',
      )
      .option('--show', 'for people: where each hunk comes from, where it goes, what was repaired'),
  ).action(async (paths: string[], options: Parameters<typeof kernelPatchCommand>[1]) => {
    finish(await kernelPatchCommand(paths, options, signal))
  })
}
