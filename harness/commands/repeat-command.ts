import { shellWord } from '../shell-word.js'
import type { RunPlan } from '../scenario/plan.js'

/**
 * The command that repeats a run, for a shell: everything that was drawn or left to a default is said. Paths are as they were
 * given.
 *
 * @param scenario As it was given: a name of the catalogue, or a path.
 */
export function repeatCommand(scenario: string, plan: RunPlan): string {
  const { kernel, seed, busted, clientsOnly, untilFinding, deterministic, pct, machine } = plan
  const { name, patches, profile } = kernel
  const words = ['run', scenario]
  if (machine !== undefined) words.push('--target', machine.name ?? machine.address)
  if (machine?.isKernelNamed !== false) words.push('--kernel', name)
  words.push('--seed', String(seed), '--time', String(plan.scenario.seconds))
  if (profile !== 'stock') words.push('--profile', profile)
  if (patches.length > 0) words.push('--patch', ...patches)
  if (busted !== '') words.push('--busted', busted)
  if (clientsOnly) words.push('--clients-only')
  if (deterministic) words.push('--deterministic')
  if (pct !== undefined)
    words.push('--strategy', 'pct', '--depth', String(pct.depth), '--steps', String(pct.steps))
  if (untilFinding !== false) words.push('--until-finding', ...(untilFinding === true ? [] : untilFinding))
  if (machine?.mayDisturb === true) words.push('--disturb-users')
  return commandOf(words)
}

/** `npx fctorture` with these words, for a shell. */
export function commandOf(words: readonly string[]): string {
  return ['npx', 'fctorture', ...words].map(shellWord).join(' ')
}
