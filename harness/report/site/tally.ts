import { createHash } from 'node:crypto'
import type { VerdictName } from '../../verdict/result.js'
import type { Night, NightCell, NightRun, SiteJudgements, SiteSource } from './source.js'

/*
 * The whole history in numbers: what pages about many nights are made of. Its size is that of cells times nights and of what was
 * found, not that of runs.
 */

export const verdicts = ['FAIL', 'ERROR', 'INCONCLUSIVE', 'PASS'] as const satisfies readonly VerdictName[]

export interface Tally {
  readonly nights: readonly NightTally[]
  /** In the order of their keys. */
  readonly cells: readonly CellTally[]
  /** The one seen last first. */
  readonly signatures: readonly SignatureTally[]
  readonly judgements: SiteJudgements
}

export interface NightTally extends Night {
  readonly index: number
  readonly runs: number
  readonly verdicts: Readonly<Record<VerdictName, number>>
}

export interface CellTally {
  readonly key: string
  readonly cell: NightCell
  /** By night index. */
  readonly nights: ReadonlyMap<number, CellNight>
}

/** What a cell did in a night. */
export interface CellNight {
  readonly verdicts: Readonly<Record<VerdictName, number>>
  /** Runs that would have shown whatever there is: decided, and nothing in the way. */
  readonly whole: number
}

export interface SignatureTally {
  readonly signature: string
  readonly rule: string
  /** `signature-….html`: of the site, without anything that a guest said. */
  readonly page: string
  readonly runs: number
  readonly firstSeen: Night
  readonly lastSeen: Night
  /** Releases. */
  readonly kernels: ReadonlySet<string>
  /** By cell key, then by night index: hits. */
  readonly cells: ReadonlyMap<string, ReadonlyMap<number, Hits>>
  /** The newest runs that found it, newest first. */
  readonly examples: readonly Example[]
}

/** Runs that found something; `partial` of them are no whole runs, and count as trials for that alone. */
export interface Hits {
  readonly all: number
  readonly partial: number
}

export interface Example {
  readonly run: number
  readonly key: string
  readonly night: Night
  readonly seed: number
  readonly release: string
  readonly count: number
}

const mostExamples = 25

/** What every signature says of a run that showed it, and no other reason does. */
const findingCode = 'FCT_ORACLE_FINDING'

/** So many runs are counted at once; others may do something in between. */
const runsAtOnce = 500

/** Reads the history once, run by run. */
export async function tallyHistory(source: SiteSource): Promise<Tally> {
  const cells = new Map<string, MutableCell>()
  const signatures = new Map<string, MutableSignature>()
  const nights: NightTally[] = []
  let seen = 0
  for (const night of source.nights()) {
    const tally = { ...night, index: nights.length, runs: 0, verdicts: noVerdicts() }
    nights.push(tally)
    for (const run of source.runsOf(night.id)) {
      tally.runs++
      tally.verdicts[run.verdict]++
      countRun(cells, tally, run)
      countFindings(signatures, tally, run)
      if (++seen % runsAtOnce === 0) await new Promise(setImmediate)
    }
  }
  return {
    nights,
    cells: [...cells.values()].toSorted((a, b) => (a.key < b.key ? -1 : 1)),
    signatures: [...signatures.values()].toSorted(
      (a, b) => b.lastSeen.id - a.lastSeen.id || (a.signature < b.signature ? -1 : 1),
    ),
    judgements: source.judgements(),
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }
interface MutableCell extends CellTally {
  readonly nights: Map<number, Mutable<CellNight> & { readonly verdicts: Record<VerdictName, number> }>
}
interface MutableSignature extends Mutable<Omit<SignatureTally, 'kernels' | 'cells' | 'examples'>> {
  readonly kernels: Set<string>
  readonly cells: Map<string, Map<number, Mutable<Hits>>>
  readonly examples: Example[]
}

function countRun(cells: Map<string, MutableCell>, { index }: NightTally, run: NightRun): void {
  const { key, cell, verdict } = run
  const known = getOrAdd(cells, key, (): MutableCell => ({ key, cell, nights: new Map() }))
  const night = getOrAdd(known.nights, index, () => ({ verdicts: noVerdicts(), whole: 0 }))
  night.verdicts[verdict]++
  if (isWhole(run)) night.whole++
}

function countFindings(all: Map<string, MutableSignature>, night: NightTally, run: NightRun): void {
  for (const { signature, rule, count } of run.findings) {
    const found = getOrAdd(all, signature, () => newSignature(signature, rule, night))
    found.runs++
    found.lastSeen = night
    found.kernels.add(run.kernel.release)
    const nights = getOrAdd(found.cells, run.key, () => new Map<number, Mutable<Hits>>())
    const hits = getOrAdd(nights, night.index, () => ({ all: 0, partial: 0 }))
    hits.all++
    if (!isWhole(run)) hits.partial++
    const { id, key, seed, kernel } = run
    found.examples.unshift({ run: id, key, night, seed, release: kernel.release, count })
    if (found.examples.length > mostExamples) found.examples.pop()
  }
}

function newSignature(signature: string, rule: string, night: Night): MutableSignature {
  const page = `signature-${createHash('sha256').update(signature).digest('hex').slice(0, 16)}.html`
  const [kernels, cells, examples] = [new Set<string>(), new Map<string, never>(), []]
  return { signature, rule, page, runs: 0, firstSeen: night, lastSeen: night, kernels, cells, examples }
}

function isWhole({ verdict, reasons }: NightRun): boolean {
  const isDecided = verdict === 'PASS' || verdict === 'FAIL'
  return isDecided && reasons.every(({ code }) => code === findingCode)
}

function noVerdicts(): Record<VerdictName, number> {
  return { FAIL: 0, ERROR: 0, INCONCLUSIVE: 0, PASS: 0 }
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}

/** What a cell says of a night in one word: the worst of its runs. */
export function worstOf(counts: CellNight['verdicts']): VerdictName {
  return verdicts.find((verdict) => counts[verdict] > 0) ?? 'PASS'
}

export function runsIn(counts: CellNight['verdicts']): number {
  return verdicts.reduce((all, verdict) => all + counts[verdict], 0)
}
