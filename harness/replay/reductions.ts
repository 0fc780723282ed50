import type { Scenario } from '../scenario/scenario.js'

/** One way to make a scenario smaller. What it does, it does also to one that others have made smaller. */
export interface Reduction {
  /** For people, too: "no stressor shrink". */
  readonly id: string
  /** The scenario as it is, if there is nothing to do. */
  readonly apply: (scenario: Scenario) => Scenario
}

type Load = NonNullable<Scenario['churn']>
type Values = Readonly<Record<string, unknown>>

/** All that can be done to this one; some only once others have been done. */
export function reductionsOf(scenario: Scenario): Reduction[] {
  return [
    ...dropsOf(scenario),
    ...knobsOf(scenario),
    ...loadsOf(scenario),
    ...[1, 2].map((count) => reduction(nounOf(count, 'nfsd thread'), (s) => atMost(s, 'nfsdThreads', count))),
    ...[2, 4, 8, 15].map((count) =>
      reduction(`${nounOf(count, 'second')} of load`, (s) => atMost(s, 'seconds', count)),
    ),
    ...[0, 4].map((count) =>
      reduction(`${nounOf(count, 'second')} of quiet`, (s) => atMost(s, 'quietSeconds', count)),
    ),
  ]
}

function reduction(id: string, apply: Reduction['apply']): Reduction {
  return { id, apply }
}

/** Whole parts. */
function dropsOf({ stressors, inject, disturb, exports, versions }: Scenario): Reduction[] {
  return [
    ...Object.keys(stressors).map((name) =>
      reduction(`no stressor ${name}`, (s) => ({ ...s, stressors: without(s.stressors, name) })),
    ),
    ...Object.keys(inject?.points ?? {}).map((name) =>
      reduction(`no delay at ${name}`, (s) => dropPoint(s, name)),
    ),
    ...disturb.map((name) =>
      reduction(`no ${name}`, (s) => ({ ...s, disturb: s.disturb.filter((other) => other !== name) })),
    ),
    ...versions.map((name) =>
      reduction(`no NFSv${name}`, (s) => ({ ...s, versions: keepOne(s.versions, name) })),
    ),
    ...exports.toReversed().map((name) => reduction(`no export of ${name}`, (s) => dropExport(s, name))),
    reduction('no delegations', (s) => ({ ...s, delegations: false })),
    reduction('no churn', (s) => without(s, 'churn')),
  ]
}

function without<T extends object>(values: T, name: string): T {
  return Object.fromEntries(Object.entries(values).filter(([other]) => other !== name)) as T
}

function keepOne<T>(all: T[], dropped: T): T[] {
  const left = all.filter((other) => other !== dropped)
  return left.length > 0 ? left : all
}

function dropPoint(whole: Scenario, name: string): Scenario {
  const { inject, ...scenario } = whole
  if (inject === undefined) return whole
  const points = without(inject.points, name)
  return Object.keys(points).length > 0 ? { ...scenario, inject: { ...inject, points } } : scenario
}

/** An NFS mount that is exported again is one of the ext4 export, and the tmpfs is the root of all that NFSv4 clients mount. */
function dropExport(scenario: Scenario, name: Scenario['exports'][number]): Scenario {
  const isServedAgain = scenario.exports.includes('nfs') && name !== 'nfs'
  if (isServedAgain || (name === 'tmpfs' && scenario.versions.includes('4.1'))) return scenario
  return { ...scenario, exports: keepOne(scenario.exports, name) }
}

/** What stressors have beside their being there: fewer threads, and each knob as the module has it. */
function knobsOf({ stressors }: Scenario): Reduction[] {
  return Object.entries(stressors).flatMap(([name, values]) =>
    Object.keys(values ?? {})
      .filter((knob) => !vital.has(knob))
      .map((knob) =>
        knob === 'threads'
          ? reduction(`one thread of ${name}`, (s) => changeStressor(s, name, (own) => atMost(own, knob, 1)))
          : reduction(`${name} with the usual ${knob}`, (s) =>
              changeStressor(s, name, (own) => without(own, knob)),
            ),
      ),
  )
}

/** Without these a stressor does nothing, or whatever it does without a pause. */
const vital = new Set(['gap_us', 'parties', 'repeat', 'span_ns', 'steps'])

function changeStressor(scenario: Scenario, name: string, change: (own: Values) => Values): Scenario {
  const own = (scenario.stressors as Readonly<Record<string, Values | undefined>>)[name]
  if (own === undefined) return scenario
  return { ...scenario, stressors: { ...scenario.stressors, [name]: change(own) } }
}

function loadsOf(scenario: Scenario): Reduction[] {
  return (['clients', 'churn'] as const).flatMap((which) => {
    const load = scenario[which]
    if (load === undefined) return []
    const change = (id: string, how: (load: Load) => Load): Reduction =>
      reduction(`${which}: ${id}`, (s) => {
        const own = s[which]
        return own === undefined ? s : { ...s, [which]: { ...own, ...how(own) } }
      })
    return [
      change('1 thread', (own) => atMost(own, 'threads', 1)),
      ...[1, 4].map((count) => change(nounOf(count, 'file'), (own) => atMost(own, 'files', count))),
      change('files of 4096 bytes', (own) => atMost(own, 'size', 4096)),
      change('any file as often as another', (own) => ({ ...own, choice: 'uniform' })),
      ...Object.keys(load.mix).map((op) => change(`no ${op}`, (own) => dropOperation(own, op))),
    ]
  })
}

function dropOperation(load: Load, op: string): Load {
  const mix = without(load.mix, op)
  return Object.values(mix).some((weight) => weight > 0) ? { ...load, mix } : load
}

function atMost<T extends object>(values: T, name: keyof T & string, most: number): T {
  const value = (values as Values)[name]
  return typeof value === 'number' && value > most ? { ...values, [name]: most } : values
}

function nounOf(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** What there is to understand, and to wait for: 1 for each part, more for those that are many; numbers count by their logarithm. */
export function sizeOf(scenario: Scenario): number {
  const { stressors, inject, disturb, exports, versions, delegations, clients, churn, nfsdThreads } = scenario
  return (
    4 * (Object.keys(stressors).length + disturb.length + exports.length + versions.length) +
    2 * Object.keys(inject?.points ?? {}).length +
    Object.values(stressors).reduce((sum, values) => sum + sizeOfKnobs(values ?? {}), 0) +
    sizeOfLoad(clients) +
    (churn === undefined ? 0 : 4 + sizeOfLoad(churn)) +
    (delegations ? 4 : 0) +
    Math.log2(nfsdThreads) +
    2 * Math.log2(1 + scenario.seconds + scenario.quietSeconds)
  )
}

function sizeOfKnobs(values: Values): number {
  const { threads, ...others } = values
  return Object.keys(others).length / 2 + Math.log2(Math.max(1, Number(threads ?? 1)))
}

function sizeOfLoad({ threads, files, size, choice, mix }: Load): number {
  const skew = choice === 'uniform' ? 0 : 1
  return Math.log2(threads) + Math.log2(files) + Math.log2(size / 4096) / 2 + Object.keys(mix).length + skew
}
