import { readRegressions } from '../../vms/regressions/regressions.js'
import { nearest } from '../../vms/kernels/catalogue.js'
import { UsageError } from '../fct-error.js'

/** A defect, put there on purpose, that the torture has to find. */
export interface SelftestCase {
  /** A regression's id, or `busted:` and a variant of the module. */
  readonly id: string
  readonly scenario: string
  /** Any of these rules finds it: which one comes first is a matter of luck. */
  readonly rules: readonly string[]
  /** What else it can break. */
  readonly also: readonly string[]
  readonly patches: readonly string[]
  /** The module's variant; empty for a sound module. */
  readonly busted: string
}

/** Variants of the module, and the rules for the class of defects that each stands for. */
const variants: readonly Pick<SelftestCase, 'busted' | 'scenario' | 'rules' | 'also'>[] = [
  {
    busted: 'extra_put',
    scenario: 'CLOSE01',
    rules: ['event-after-free', 'use-at-zero', 'put-without-acquire'],
    also: [
      'console-splat',
      'free-at-zero',
      'dispose-at-zero',
      'lru-alternates',
      'one-free-per-life',
      'in-use-not-taken',
      'refcount-saturated',
      'resource-leak',
    ],
  },
  {
    busted: 'free_held',
    scenario: 'CLOSE01',
    rules: ['free-at-zero'],
    also: ['console-splat', 'event-after-free', 'one-free-per-life', 'use-at-zero', 'in-use-not-taken'],
  },
  {
    busted: 'leak',
    scenario: 'CLOSE01',
    rules: ['leak-after-shutdown'],
    also: ['console-splat', 'resource-leak'],
  },
  {
    busted: 'double_lru',
    scenario: 'CLOSE01',
    rules: ['console-splat', 'lru-alternates'],
    also: ['filecache-counters'],
  },
  { busted: 'stuck_lru', scenario: 'CLOSE01', rules: ['idle-disposed'], also: ['filecache-counters'] },
  { busted: 'missed_close', scenario: 'ACQUIRE01', rules: ['close-sync-closes'], also: [] },
]

/**
 * All defects that can be had with a kernel, or those that `only` names.
 *
 * @throws UsageError FCT_SELFTEST_KERNEL (no regression is written for it), FCT_SELFTEST_UNKNOWN (with the nearest id)
 */
export async function listCases(kernel: string, only: readonly string[]): Promise<SelftestCase[]> {
  const cases = [...(await listRegressions(kernel)), ...variants.map(asCase)]
  const ids = cases.map(({ id }) => id)
  const unknown = only.find((id) => !ids.includes(id))
  if (unknown !== undefined) {
    throw new UsageError(
      'FCT_SELFTEST_UNKNOWN',
      `${kernel} has no defect ${JSON.stringify(unknown)}; did you mean ${nearest(unknown, ids)}?`,
      `There are: ${ids.join(', ')}.`,
    )
  }
  return only.length === 0 ? cases : cases.filter(({ id }) => only.includes(id))
}

function asCase(variant: (typeof variants)[number]): SelftestCase {
  return { ...variant, id: `busted:${variant.busted}`, patches: [] }
}

async function listRegressions(kernel: string): Promise<SelftestCase[]> {
  const regressions = await readRegressions()
  const series = kernel.replace(/^debian:/, '')
  const cases = regressions.flatMap(({ id, scenario, rules, also, patches }) => {
    const patch = patches.get(series)
    return patch === undefined ? [] : [{ id, scenario, rules, also, patches: [patch], busted: '' }]
  })
  if (kernel.startsWith('debian:') && cases.length > 0) return cases
  const known = new Set(regressions.flatMap(({ patches }) => [...patches.keys()]))
  throw new UsageError(
    'FCT_SELFTEST_KERNEL',
    `no regression is written for ${kernel}`,
    `There are some for ${[...known].map((name) => `debian:${name}`).join(', ')}.`,
  )
}
