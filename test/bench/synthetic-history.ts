import type { Cell } from '../../harness/store/history-records.js'
import { HistoryWriter } from '../../harness/store/history-writer.js'
import type { ResultDocument, ResultFinding } from '../../harness/verdict/result.js'

export interface SyntheticPlan {
  readonly cells: number
  readonly nights: number
  /** Of each cell in each night. */
  readonly seeds: number
  /** How many signatures there are; each cell that fails has one or two of them. */
  readonly signatures: number
  /** In some signatures and cells: what somebody hostile would put there. */
  readonly poison?: string
}

const dayMs = 24 * 3600 * 1000
const firstNight = Date.parse('2026-01-01T02:00:00Z')

/** A history in which one cell in eight fails now and then, each from a night of its own on; the same every time. */
export function writeSyntheticHistory(path: string, plan: SyntheticPlan, random = mulberry(1)): void {
  const writer = new HistoryWriter(path)
  try {
    for (let night = 0; night < plan.nights; night++) writeNight(writer, plan, night, random)
  } finally {
    writer.close()
  }
}

function writeNight(writer: HistoryWriter, plan: SyntheticPlan, night: number, random: () => number): void {
  const started = new Date(firstNight + night * dayMs)
  const { id } = writer.beginCampaign({
    name: 'nightly',
    started: started.toISOString(),
    seed: night,
    plan: {},
  })
  for (let cell = 0; cell < plan.cells; cell++) {
    for (let seed = 0; seed < plan.seeds; seed++) {
      const signatures = signaturesOf(plan, night, cell, random)
      const hasVerdict = random() > 0.02
      const place = { campaign: id, cell: cellOf(plan, cell), seed: night * 1000 + seed, attempt: 1 }
      const result = resultOf(
        `/nowhere/${String(id)}-${String(cell)}-${String(seed)}`,
        place,
        signatures,
        hasVerdict,
      )
      writer.record({ ...place, started: started.toISOString(), seconds: 41.5 }, result)
    }
  }
  writer.endCampaign(id, 'complete', new Date(started.getTime() + dayMs / 4).toISOString())
}

const scenarios = ['CLOSE01', 'ACQUIRE01', 'SHRINK01', 'PURGE01', 'SHUTDOWN01', 'LEASE01', 'UNLINKS01']

function cellOf({ poison = '' }: SyntheticPlan, cell: number): Cell {
  const scenario = scenarios[cell % scenarios.length] ?? ''
  const kernel = `debian:6.${String(1 + Math.floor(cell / scenarios.length))}${cell % 5 === 4 ? poison : ''}`
  return { kernel, profile: 'stock', scenario, target: 'qemu', patches: [] }
}

function signaturesOf(
  { nights, signatures, poison = '' }: SyntheticPlan,
  night: number,
  cell: number,
  random: () => number,
): string[] {
  const since = (cell * 7) % Math.max(1, nights)
  if (cell % 8 !== 0 || night < since || random() > 0.3) return []
  const number = (cell / 8) % signatures
  return [
    `event-after-free: nfsd_file_put after nfsd_file_free in place ${String(number)}${number % 2 === 1 ? poison : ''}`,
  ]
}

function resultOf(
  run: string,
  { cell, seed }: { readonly cell: Cell; readonly seed: number },
  signatures: readonly string[],
  hasVerdict: boolean,
): ResultDocument {
  const verdict = signatures.length > 0 ? 'FAIL' : hasVerdict ? 'PASS' : 'INCONCLUSIVE'
  const findings = signatures.map((signature): ResultFinding => ({
    rule: 'event-after-free',
    signature,
    count: 3,
    firstGuestSecond: 12.5,
    object: '0xffff888004100100#2',
    evidence: `nfsd_file_put on an object that had been freed\n${'> 12.500 nfsd_file_put\n'.repeat(40)}${signature}`,
  }))
  const told = signatures.map((signature) => ({ code: 'FCT_ORACLE_FINDING', message: signature }) as const)
  const lost = { code: 'FCT_GUEST_LOST', message: 'the guest went away' } as const
  const { kernel: name, profile, scenario } = cell
  return {
    schema: 1,
    verdict,
    exit: verdict === 'FAIL' ? 1 : verdict === 'PASS' ? 0 : 125,
    run,
    scenario,
    seed,
    kernel: {
      name,
      release: `${name.slice(7)}-amd64`,
      hash: 'abc',
      flavour: 'lru-holds-ref',
      profile,
      patches: [],
      build: null,
    },
    target: { kind: 'qemu', accel: 'tcg' },
    guestSeconds: 30,
    events: { produced: 100_000, read: 100_000, lost: 0, unexplained: 0 },
    stressors: { close: { called: 9000, useful: 3000, raced: 12 } },
    exposure: { 'close*acquire': 1200 },
    rules: { applied: ['event-after-free'], notApplied: [] },
    findings,
    live: { gaveUp: null, withdrawn: [] },
    reasons: verdict === 'INCONCLUSIVE' ? [lost] : told,
  }
}

/** Numbers from 0 to 1 that look random and are the same for one seed (Tommy Ettinger's mulberry32). */
function mulberry(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
