import type { Counts } from './rate.js'
import type { NightRecord, NightRun } from './nights.js'

/** Where and when something was, in the order of the nights. */
export interface Series {
  readonly key: string
  /** A finding's signature, or the code of a trouble. */
  readonly what: string
  /** By night, beginning with the first night of the cell. */
  readonly nights: readonly Counts[]
  /** Of `nights`: index of the history's nights. */
  readonly nightIndices: readonly number[]
  /** Releases of kernels that showed it. */
  readonly kernels: readonly string[]
}

export interface CellTonight {
  readonly key: string
  readonly runs: number
  readonly verdicts: Readonly<Record<NightRun['verdict'], number>>
  /** Seeds for which no attempt came to PASS or FAIL. */
  readonly undecided: number
}

/** All nights, in numbers. */
export interface NightCounts {
  readonly findings: readonly Series[]
  readonly troubles: readonly Series[]
  /** Cells that ran in the last night. */
  readonly tonight: readonly CellTonight[]
}

/** The only reason of a run that failed and missed nothing. Others show what they found, and nothing of what they did not. */
const finding = 'FCT_ORACLE_FINDING'

/** Where a run names no reason. */
const unexplained = 'FCT_RUN_UNEXPLAINED'

interface Hits {
  all: number
  /** By runs that are not whole. */
  partial: number
}

interface CellNight {
  readonly index: number
  runs: number
  /** Runs that would have shown whatever there is. */
  whole: number
  readonly findings: Map<string, Hits>
  readonly troubles: Map<string, number>
}

interface CellHistory {
  readonly nights: CellNight[]
  /** By signature, or by code. */
  readonly kernels: Map<string, Set<string>>
}

/** @param records Oldest first; the last is tonight. Of each only numbers are kept. */
export function countNights(records: Iterable<NightRecord>): NightCounts {
  const cells = new Map<string, CellHistory>()
  let last = -1
  let tonight = new Map<string, TonightCount>()
  for (const { runs } of records) {
    last++
    tonight = new Map()
    for (const run of runs) {
      countRun(cells, last, run)
      countTonight(tonight, run)
    }
  }
  const all = [...cells]
  return {
    findings: all.flatMap(([key, cell]) => seriesOf(key, cell, last, findingCounts)),
    troubles: all.flatMap(([key, cell]) => seriesOf(key, cell, last, troubleCounts)),
    tonight: [...tonight].map(([key, { seeds, ...counts }]) => ({
      key,
      ...counts,
      undecided: [...seeds.values()].filter((isDecided) => !isDecided).length,
    })),
  }
}

function countRun(cells: Map<string, CellHistory>, index: number, run: NightRun): void {
  const cell = getOrAdd(cells, run.key, (): CellHistory => ({ nights: [], kernels: new Map() }))
  if (cell.nights.at(-1)?.index !== index)
    cell.nights.push({ index, runs: 0, whole: 0, findings: new Map(), troubles: new Map() })
  const night = cell.nights.at(-1)
  if (night === undefined) return
  const { verdict, reasons } = run
  const isDecided = verdict === 'PASS' || verdict === 'FAIL'
  const isWhole = isDecided && reasons.every(({ code }) => code === finding)
  const see = (what: string): void =>
    void getOrAdd(cell.kernels, what, () => new Set<string>()).add(run.kernel.release)
  night.runs++
  if (isWhole) night.whole++
  for (const signature of signaturesOf(run)) {
    const hits = getOrAdd(night.findings, signature, () => ({ all: 0, partial: 0 }))
    hits.all++
    if (!isWhole) hits.partial++
    see(signature)
  }
  const cause = isDecided ? undefined : (reasons[0]?.code ?? unexplained)
  if (cause === undefined) return
  night.troubles.set(cause, (night.troubles.get(cause) ?? 0) + 1)
  see(cause)
}

/** A kernel that died of nobody knows what is a failure too: by its code. */
function signaturesOf({ verdict, findings, reasons }: NightRun): Set<string> {
  const signatures = new Set(findings.map(({ signature }) => signature))
  if (verdict === 'FAIL' && signatures.size === 0) signatures.add(reasons[0]?.code ?? unexplained)
  return signatures
}

interface TonightCount {
  runs: number
  readonly verdicts: Record<NightRun['verdict'], number>
  /** Whether some attempt came to a verdict. */
  readonly seeds: Map<number, boolean>
}

function countTonight(tonight: Map<string, TonightCount>, { key, seed, verdict }: NightRun): void {
  const cell = getOrAdd(tonight, key, () => ({
    runs: 0,
    verdicts: { PASS: 0, FAIL: 0, INCONCLUSIVE: 0, ERROR: 0 },
    seeds: new Map<number, boolean>(),
  }))
  cell.runs++
  cell.verdicts[verdict]++
  const isDecided = verdict === 'PASS' || verdict === 'FAIL'
  cell.seeds.set(seed, isDecided || (cell.seeds.get(seed) ?? false))
}

type CountsBy = (night: CellNight) => { names: Iterable<string>; of: (what: string) => Counts }

const findingCounts: CountsBy = ({ whole, findings }) => ({
  names: findings.keys(),
  of: (what) => {
    const { all, partial } = findings.get(what) ?? { all: 0, partial: 0 }
    return { hits: all, trials: whole + partial }
  },
})

const troubleCounts: CountsBy = ({ runs, troubles }) => ({
  names: troubles.keys(),
  of: (what) => ({ hits: troubles.get(what) ?? 0, trials: runs }),
})

/** Of a cell that ran in the last night; of others nothing is said. */
function seriesOf(key: string, { nights, kernels }: CellHistory, last: number, by: CountsBy): Series[] {
  if (nights.at(-1)?.index !== last) return []
  const counted = nights.map(by)
  const names = new Set(counted.flatMap((night) => [...night.names]))
  return [...names].map((what) => ({
    key,
    what,
    nights: counted.map(({ of }) => of(what)),
    nightIndices: nights.map(({ index }) => index),
    kernels: [...(kernels.get(what) ?? [])],
  }))
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
