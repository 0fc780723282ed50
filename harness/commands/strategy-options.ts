import { InvalidArgumentError, Option, type Command } from 'commander'
import { UsageError } from '../fct-error.js'
import type { PctPlan } from '../scenario/plan.js'

export interface StrategyOptions {
  readonly strategy: 'random' | 'pct'
  readonly depth?: number
  readonly steps?: number
}

const usual = { depth: 2, steps: 1000 }
const mostDepth = 16
const mostSteps = 1_000_000

/** What is done at injection points, and what follows from it. */
export function addStrategyOptions(command: Command): Command {
  const strategy = new Option(
    '--strategy <name>',
    'at injection points: what the scenario says at random, or random priorities of threads (pct)',
  )
  return command
    .addOption(strategy.choices(['random', 'pct']).default('random'))
    .option(
      '--depth <orders>',
      `pct: how many orders of two events the bug takes (${String(usual.depth)})`,
      parseUpTo(mostDepth),
    )
    .option(
      '--steps <passes>',
      `pct: passes of injection points in a round (${String(usual.steps)})`,
      parseUpTo(mostSteps),
    )
}

/** @returns undefined for strategy random. @throws UsageError FCT_PCT_OPTION if that is given what only pct has */
export function pctOf({ strategy, depth, steps }: StrategyOptions): PctPlan | undefined {
  if (strategy === 'pct') return { depth: depth ?? usual.depth, steps: steps ?? usual.steps }
  if (depth !== undefined || steps !== undefined)
    throw new UsageError('FCT_PCT_OPTION', '--depth and --steps are for --strategy pct')
  return undefined
}

function parseUpTo(most: number): (text: string) => number {
  return (text) => {
    const number = Number(text)
    if (Number.isInteger(number) && number >= 1 && number <= most) return number
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${String(most)}.`)
  }
}
