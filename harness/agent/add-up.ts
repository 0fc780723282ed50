import { ops, type LoadStats } from '../../addon/index.js'

/** Several loads as one. */
export function addUp(all: readonly LoadStats[]): LoadStats {
  const failed = new Set(all.flatMap(({ errors }) => Object.keys(errors)))
  return {
    operations: sum(ops, (operation) => all.map(({ operations }) => operations[operation])),
    errors: Object.fromEntries([...failed].map((operation) => [operation, addUpErrors(all, operation)])),
    unexpected: all.find(({ unexpected }) => unexpected !== null)?.unexpected ?? null,
    stuckThreads: all.flatMap(({ stuckThreads }) => stuckThreads),
  }
}

function addUpErrors(all: readonly LoadStats[], operation: string): Record<string, number> {
  const counts = all.map(({ errors }) => errors[operation] ?? {})
  return sum(
    counts.flatMap((ofLoad) => Object.keys(ofLoad)),
    (code) => counts.map((ofLoad) => ofLoad[code] ?? 0),
  )
}

function sum<K extends string>(
  keys: readonly K[],
  countsOf: (key: K) => readonly number[],
): Record<K, number> {
  const entries = keys.map((key) => [key, countsOf(key).reduce((total, count) => total + count, 0)] as const)
  return Object.fromEntries(entries) as Record<K, number>
}
