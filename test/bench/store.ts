import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cellKey, type Cell } from '../../harness/store/history-records.js'
import { HistoryWriter } from '../../harness/store/history-writer.js'
import type { ResultDocument } from '../../harness/verdict/result.js'
import type { Bench } from './run-bench.js'

const cells = 10_000
const signatures = 40

/** A night of 10,000 cells, every tenth with a finding: written as a campaign writes it, and read. */
export const storeBench: Bench = {
  name: 'store',
  *measure() {
    const folder = mkdtempSync(join(tmpdir(), 'fct-bench-store-'))
    const path = join(folder, 'history.sqlite')
    const store = new HistoryWriter(path)
    const less = { better: 'less' } as const
    try {
      const before = process.memoryUsage().rss
      const write = timed(() => {
        writeNight(store)
      })
      yield { what: `${cells} cells, handed out, told of and recorded`, ours: write, unit: 's', ...less }
      const read = timed(() => {
        readNight(store)
      })
      yield { what: 'all of them read, and every finding by its signature', ours: read, unit: 's', ...less }
      const grown = (process.memoryUsage().rss - before) / 2 ** 20
      yield { what: 'memory that this took', ours: grown, unit: 'MiB', ...less }
      yield { what: 'the store', ours: statSync(path).size / 2 ** 20, unit: 'MiB', ...less }
    } finally {
      store.close()
      rmSync(folder, { recursive: true })
    }
  },
}

function timed(act: () => void): number {
  const began = performance.now()
  act()
  return (performance.now() - began) / 1000
}

function writeNight(store: HistoryWriter): void {
  const started = new Date().toISOString()
  const { id: campaign } = store.beginCampaign({ name: 'bench', started, seed: 1, plan: {} })
  for (let index = 0; index < cells; index++) {
    const cell = cellOf(index)
    const place = { campaign, cell, seed: index, attempt: 1, started }
    store.dispatch({ ...place, job: { runs: `/runs/${String(index)}` } })
    const told = { cell: cellKey(cell), seed: index, attempt: 1 }
    store.tell(campaign, { kind: 'run-started', loadSeconds: 30, ...told })
    const result = resultOf(index)
    const run = store.record({ ...place, seconds: 40 }, result)
    store.tell(campaign, { kind: 'run-ended', verdict: result.verdict, run, ...told })
  }
  store.endCampaign(campaign, 'complete', started)
}

function readNight(store: HistoryWriter): void {
  let [runs, findings] = [0, 0]
  for (const { id } of store.campaigns()) for (const { counts } of store.runsOf(id)) if (counts) runs++
  for (const { signature } of store.signatures())
    for (const { count } of store.findingsBySignature(signature)) findings += count
  if (runs !== cells || findings !== cells / 10)
    throw new Error(`${String(runs)} runs and ${String(findings)} findings came back`)
}

function cellOf(index: number): Cell {
  const [kernel, scenario] = [`tree:linux@${String(index % 100)}`, `CLOSE${String(Math.floor(index / 100))}`]
  return { kernel, scenario, profile: 'stock', target: 'qemu', patches: [] }
}

/** Of the size of a real one: 3 KiB, 5 with a finding. */
function resultOf(index: number): ResultDocument {
  const isBad = index % 10 === 0
  const rules = Array.from({ length: 25 }, (_, rule) => `a-rule-with-a-usual-name-${String(rule)}`)
  const finding = {
    ...{ rule: 'use-at-zero', signature: `use-at-zero: in place ${String((index / 10) % signatures)}` },
    ...{
      count: 1,
      firstGuestSecond: 1.5,
      evidence: 'a line of evidence with an address and a stamp\n'.repeat(40),
    },
  }
  return {
    ...{ schema: 1, verdict: isBad ? 'FAIL' : 'PASS', exit: isBad ? 1 : 0, run: `/runs/${String(index)}` },
    ...{ scenario: 'CLOSE01', seed: index, guestSeconds: 30, target: { kind: 'qemu', accel: 'tcg' } },
    kernel: {
      ...{ name: 'debian:6.1', release: '6.1.0-56-amd64', hash: 'c0ffee', flavour: 'lru-holds-ref' },
      ...{
        profile: 'stock',
        patches: [],
        build: { kernel: 'package', nfsd: 'as built', reason: 'no patches' },
      },
    },
    events: { produced: 1e6, read: 1e6, lost: 0, unexplained: 0 },
    stressors: { close: { called: 1e5, useful: 9e4, raced: 3e3 } },
    exposure: { 'close*acquire': 3000 },
    rules: {
      applied: rules,
      notApplied: rules.map((id) => ({ id, reason: 'this kernel has no such events' })),
    },
    findings: isBad ? [finding] : [],
    live: { gaveUp: null, withdrawn: [] },
    reasons: isBad ? [{ code: 'FCT_ORACLE_FINDING', message: finding.signature }] : [],
  }
}
