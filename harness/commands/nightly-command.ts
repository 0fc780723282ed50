import { InvalidArgumentError, Option, type Command } from 'commander'
import { addCampaignOutputOptions } from './campaign-outputs.js'
import { historyFile, runsFolder } from '../folders.js'
import { addMirrorOptions, mirrorsOf } from './kernel-options.js'
import { addAddressOptions } from './machine-options.js'
import { nightlyCommand, type NightlyOptions } from './nightly.js'
import { addSlurmOptions } from './slurm-options.js'
import { withExamples } from '../help/examples.js'

type NightlyArguments = Parameters<typeof mirrorsOf>[0] & Omit<NightlyOptions, 'mirrors'>

/** `fctorture nightly`: a campaign. */
export function addNightlyCommand(
  program: Command,
  finish: (status: number) => void,
  signal: AbortSignal,
): void {
  const command = program
    .command('nightly')
    .description(
      'run a plan of many runs within its budget, and keep what they found; a night that was interrupted goes on with the same command',
    )
    .argument(
      '<plan>',
      'a YAML file (harness/campaign/example.yaml; schema: harness/campaign/plan.schema.json)',
    )
    .option('--dry-run', 'say what would run and for how long, and run nothing')
    .option('--fresh', 'begin a new night, also if the last one was interrupted')
    .option('--seed <number>', 'seed of the night, to repeat one; drawn if not given', parseNightSeed)
    .addOption(
      new Option('--executor <name>', 'what does the runs').choices(['local', 'slurm']).default('local'),
    )
    .option('--json', 'one document on stdout')
    .option('--store <file>', 'the history', historyFile())
    .option('--runs <folder>', 'where run folders are kept', runsFolder())
  addCampaignOutputOptions(addAddressOptions(command))
  addMirrorOptions(addSlurmOptions(command)).action(async (plan: string, options: NightlyArguments) => {
    finish(await nightlyCommand(plan, { ...options, mirrors: mirrorsOf(options) }, signal))
  })
  withExamples(command, [
    ['fctorture nightly plan.yaml --dry-run', 'what would run, and for how long'],
    [
      'fctorture nightly plan.yaml --junit night.xml --fail-on new',
      'for CI: exit with 1 only if something changed for the worse',
    ],
    [
      'fctorture nightly plan.yaml --executor slurm --slurm-folder /shared/fct',
      'on the nodes of a Slurm cluster',
    ],
  ])
}

const mostSeed = 2 ** 48 - 1

function parseNightSeed(text: string): number {
  const seed = Number(text)
  if (/^\d+$/.test(text) && seed <= mostSeed) return seed
  throw new InvalidArgumentError(`It must be a whole number from 0 to ${mostSeed}.`)
}
