import type { RunPlan } from '../scenario/plan.js'

/**
 * The command that repeats a run, for a shell: everything that was drawn or left to a default is said. Paths are as they were
 * given.
 *
 * @param scenario As it was given: a name of the catalogue, or a path.
 */
export function repeatCommand(
  scenario: string,
  { kernel, seed, busted, clientsOnly, untilFinding, machine, scenario: { seconds } }: RunPlan,
): string {
  const { name, patches, profile } = kernel
  const words = ['run', scenario]
  if (machine !== undefined) words.push('--target', machine.address)
  if (machine?.isKernelNamed !== false) words.push('--kernel', name)
  words.push('--seed', String(seed), '--time', String(seconds))
  if (profile !== 'stock') words.push('--profile', profile)
  if (patches.length > 0) words.push('--patch', ...patches)
  if (busted !== '') words.push('--busted', busted)
  if (clientsOnly) words.push('--clients-only')
  if (untilFinding !== false) words.push('--until-finding', ...(untilFinding === true ? [] : untilFinding))
  if (machine?.mayDisturb === true) words.push('--disturb-users')
  return ['npx', 'fctorture', ...words].map(quote).join(' ')
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
