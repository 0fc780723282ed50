import { Option, type Command } from 'commander'
import { defaultLimitBytes } from '../../vms/cache-gc.js'
import { kernelGcCommand } from './kernel-gc.js'
import { kernelListCommand } from './kernel-list.js'
import { addMirrorOptions } from './kernel-options.js'
import { kernelPatchCommand } from './kernel-patch.js'
import { formatSize, parseSize } from './parse-size.js'
import { withExamples } from '../help/examples.js'

/** `fctorture kernel ...`: what there is, what it costs, and what a patch would do to it. */
export function addKernelCommand(
  program: Command,
  finish: (status: number) => void,
  signal: AbortSignal,
): void {
  const kernel = program.command('kernel').description('kernels: catalogue, cache, patches')
  const list = kernel
    .command('list')
    .description('the catalogue and what is cached: release, flavour found, size, last use')
    .option('--json', 'one document on stdout')
    .action(async (options: { json?: boolean }) => {
      finish(await kernelListCommand(options))
    })
  const gc = kernel
    .command('gc')
    .description('bound the cache: what was not used for longest goes first, what a job uses stays')
    .addOption(
      new Option('--limit <size>', 'how much may stay: 500M, 20G')
        .argParser(parseSize)
        .default(defaultLimitBytes, formatSize(defaultLimitBytes)),
    )
    .option('--dry-run', 'only say what would go')
    .option('--json', 'one document on stdout')
    .action(async (options: { limit: number; dryRun?: boolean; json?: boolean }) => {
      finish(await kernelGcCommand(options))
    })
  const patch = addMirrorOptions(
    kernel
      .command('patch')
      .description("the diff that patches come to on a kernel's source, on stdout")
      .argument('<path...>', 'patch files, mboxes, review mails, or folders with a series')
      .option(
        '--kernel <kernel>',
        'the kernel whose source they are for; without it --show tells what they hold',
      )
      .option('--show', 'for people: where each hunk comes from, where it goes, what was repaired'),
  )
  patch.action(async (paths: string[], options: Parameters<typeof kernelPatchCommand>[1]) => {
    finish(await kernelPatchCommand(paths, options, signal))
  })
  withExamples(list, [['fctorture kernel list', 'the names that --kernel takes']])
  withExamples(gc, [
    ['fctorture kernel gc --limit 10G --dry-run', 'what would go to bring the cache to 10 GiB'],
  ])
  withExamples(patch, [
    [
      'fctorture kernel patch --show review.mbox --kernel debian:6.1',
      'what a review mail would do, and where',
    ],
  ])
}
