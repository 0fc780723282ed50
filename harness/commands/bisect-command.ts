import { InvalidArgumentError, Option, type Command } from 'commander'
import { resolve } from 'node:path'
import { profileNames } from '../../vms/kernels/profiles.js'
import type { StartEntry } from '../bisect/log-entry.js'
import type { RateRange } from '../bisect/rates.js'
import { UsageError } from '../fct-error.js'
import { runsFolder } from '../folders.js'
import { bisectCommand, bisectDefaults, type BisectOptions } from './bisect.js'
import { logCommand, replayCommand, statusCommand } from './bisect-look.js'
import { addMirrorOptions, mirrorsOf, type MirrorOptions } from './kernel-options.js'
import { parseJobs, parseSeconds, parseSeed } from './parse-numbers.js'
import { withExamples } from '../help/examples.js'

interface SourceArguments {
  readonly tree?: string
  readonly good?: string
  readonly bad: string
  readonly series?: string
  readonly base: string
}

interface BisectArguments
  extends
    SourceArguments,
    MirrorOptions,
    Omit<BisectOptions, 'source' | 'mirrors' | 'scenario' | 'signature'> {
  readonly scenario?: string
  readonly signature?: string
  readonly replay?: string
}

/** `fctorture bisect`, with `status` and `log` of what it left. */
export function addBisectCommand(
  program: Command,
  finish: (status: number) => void,
  signal: AbortSignal,
): void {
  const command = program
    .command('bisect')
    .description(
      'find the commit, or the patch of a series, since which a run fails, however seldom; the same command goes on where it was ended',
    )
  addSourceOptions(command)
  addSearchOptions(command)
  addMirrorOptions(command).action(async (options: BisectArguments) => {
    const { replay, scenario, signature, ...rest } = options
    if (replay !== undefined) {
      finish(await replayCommand(replay, options))
      return
    }
    if (scenario === undefined || signature === undefined)
      throw new UsageError('FCT_BISECT_USAGE', 'bisect needs --scenario and --signature')
    const source = sourceOf(options)
    finish(await bisectCommand({ ...rest, scenario, signature, source, mirrors: mirrorsOf(options) }, signal))
  })
  addLooks(command, finish)
  withExamples(command, [
    [
      'fctorture bisect --tree ~/linux --good v6.1 --scenario CLOSE01 --signature free-at-zero',
      'which commit between v6.1 and HEAD did it',
    ],
    [
      'fctorture bisect --series patches/ --base debian:6.1 --scenario CLOSE01 --signature free-at-zero',
      'which patch of a series',
    ],
    [
      'fctorture bisect --tree ~/linux --good v6.1 --scenario CLOSE01 --signature free-at-zero --jobs 4',
      'four guests at a time; killed, it goes on with as many as the next call says',
    ],
  ])
}

function addLooks(command: Command, finish: (status: number) => void): void {
  const state = ['[state]', "a search's folder; the latest if not given"] as const
  const options = (own: Command): { confidence: number; json?: boolean } => own.optsWithGlobals()
  const status = command
    .command('status')
    .description('how far a search is: a picture of the commits and how likely each is')
    .argument(...state)
    .action(async (folder: string | undefined, _own: object, own: Command) => {
      finish(await statusCommand(folder, options(own)))
    })
  const log = command
    .command('log')
    .description('what `git bisect log` would print, for `git bisect replay`')
    .argument(...state)
    .action(async (folder: string | undefined, _own: object, own: Command) => {
      finish(await logCommand(folder, options(own)))
    })
  withExamples(status, [['fctorture bisect status', 'of the search that was at work last']])
  withExamples(log, [['fctorture bisect log', 'of the search that was at work last']])
}

function addSourceOptions(command: Command): void {
  command
    .option('--tree <path>', 'a git tree of the kernel; it is read only')
    .option('--good <revision>', 'a commit that does not fail')
    .option('--bad <revision>', 'a later commit that fails', 'HEAD')
    .option('--series <path>', 'a series of patches instead: a folder (quilt, or *.patch), or an mbox')
    .option('--base <kernel>', 'what the series is for', 'debian:6.1')
    .option('--path <path...>', 'files and folders of the tree that are suspected', [])
}

function addSearchOptions(command: Command): void {
  command
    .option('--scenario <scenario>', 'a scenario of the catalogue, or the path of a YAML file')
    .option('--signature <finding>', 'what is looked for: the signature of a finding, or a rule')
    .option(
      '--time <seconds>',
      'seconds of load of each run, instead of what the scenario says',
      parseSeconds,
    )
    .option('--clients-only', 'without stressors and injected delays', false)
    .addOption(
      new Option('--profile <name>', 'how closely the kernel watches itself')
        .choices(profileNames)
        .default(bisectDefaults.profile),
    )
    .option(
      '--confidence <share>',
      'how sure to be, from 0.5 to 1',
      parseConfidence,
      bisectDefaults.confidence,
    )
    .option('--rate <range>', 'how often a bad commit fails, if that is known: 0.05..0.2', parseRates)
    .addOption(
      new Option('--budget <time>', 'for builds and runs, added up: 90s, 30m, 2h')
        .argParser(parseDuration)
        .default(bisectDefaults.budget, '8h'),
    )
    .option('--jobs <guests>', 'builds and guests at a time, instead of what fits this host', parseJobs)
    .option('--seed <number>', 'seed of the first run; each has the next', parseSeed)
    .option('--no-verify', 'without reverting the culprit on the bad end and running that')
    .option('--state <folder>', 'where the search is kept from run to run')
    .option('--runs <folder>', 'where run folders are kept', runsFolder())
    .option('--replay <file>', 'what the log.jsonl of a search comes to, without running anything')
    .option('--json', 'one document on stdout')
}

/** @throws UsageError FCT_BISECT_USAGE */
function sourceOf({ tree, good, bad, series, base }: SourceArguments): StartEntry['source'] {
  if (series !== undefined && tree === undefined && good === undefined)
    return { kind: 'series', series: resolve(series), base }
  if (tree !== undefined && good !== undefined && series === undefined)
    return { kind: 'tree', tree: resolve(tree), good, bad }
  throw new UsageError('FCT_BISECT_USAGE', 'bisect needs either --tree and --good, or --series')
}

function parseConfidence(text: string): number {
  const share = Number(text)
  if (share > 0.5 && share < 1) return share
  throw new InvalidArgumentError('It must be a number between 0.5 and 1.')
}

function parseRates(text: string): RateRange {
  const [low = NaN, high = low] = text.split('..', 2).map(Number)
  if (low > 0 && low <= high && high <= 1) return { low, high }
  throw new InvalidArgumentError('It must be a rate above 0, or from one to another: 0.1, or 0.05..0.2.')
}

const units = { s: 1, m: 60, h: 3600 } as const

function parseDuration(text: string): number {
  const [, number = '', unit = 's'] = /^(\d+(?:\.\d+)?)([smh])?$/.exec(text) ?? []
  const seconds = Number(number) * units[unit as keyof typeof units]
  if (number !== '' && seconds > 0) return seconds
  throw new InvalidArgumentError('It must be a time: 90s, 30m, 2h.')
}
