import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { build } from 'esbuild'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cellKey } from '../../../harness/store/history-records.js'
import { HistoryReader } from '../../../harness/store/history.js'
import { packageRoot } from '../../../harness/folders.js'

/** Packages are found from there. */
const program = join(packageRoot, 'test-results', `campaign-${String(process.pid)}.mjs`)
let folder: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fct-kill-'))
  await build({
    entryPoints: [join(import.meta.dirname, 'inside', 'campaign.ts')],
    ...{ bundle: true, platform: 'node', format: 'esm', packages: 'external', outfile: program },
  })
})

afterAll(() => {
  rmSync(folder, { recursive: true })
  rmSync(program, { force: true })
})

const plan = `name: killed
kernels: [debian:6.1, debian:6.12]
scenarios: [CLOSE01, SHRINK01]
seeds: 4
time: 2
`

function hasEnded(store: string): boolean {
  if (!existsSync(store)) return false
  const reader = new HistoryReader(store)
  const ended = reader.latestCampaign()?.ended ?? null
  reader.close()
  return ended !== null
}

test('a campaign that is killed again and again does everything once', async () => {
  const [store, runs, planFile, log] = ['h.sqlite', 'runs', 'plan.yaml', 'log'].map((name) =>
    join(folder, name),
  )
  writeFileSync(planFile!, plan)
  writeFileSync(log!, '')
  const start = () => execa(process.execPath, [program, store!, runs!, planFile!, log!], { reject: false })
  let kills = 0
  for (;;) {
    const child = start()
    const lines = readFileSync(log!, 'utf8').split('\n').length
    // Each lives until it has got on, and a while longer that differs from time to time.
    while (readFileSync(log!, 'utf8').split('\n').length < lines + 4 && child.exitCode === null)
      await delay(2)
    await delay((kills * 7) % 23)
    child.kill('SIGKILL')
    const { signal, stdout, stderr } = await child
    if (signal === 'SIGKILL') {
      kills++
      // Too late: the night was over, and the same command would begin another one.
      if (hasEnded(store!)) break
    } else {
      expect({ stdout, stderr }).toEqual({ stdout: 'complete', stderr: '' })
      break
    }
  }
  expect(kills).toBeGreaterThanOrEqual(3)
  const reader = new HistoryReader(store!)
  const [campaign, ...others] = reader.campaigns()
  expect(others).toEqual([])
  expect(campaign).toMatchObject({ seed: 7, outcome: 'complete' })
  const all = [...reader.runsOf(campaign!.id)]
  const counted = all
    .filter(({ counts }) => counts)
    .map(({ cell, seed }) => `${cellKey(cell)} ${String(seed)}`)
  expect(counted).toHaveLength(4 * 4)
  expect(new Set(counted).size).toBe(4 * 4)
  expect(reader.openDispatches(campaign!.id)).toEqual([])
  // What was done was never begun again, but for what ended in ERROR.
  const errors = all.filter(({ verdict }) => verdict === 'ERROR').length
  const done: string[] = []
  for (const line of readFileSync(log!, 'utf8').split('\n')) {
    const [, what, name] = /^(begin|end) (.*)$/.exec(line) ?? []
    if (what === 'end') done.push(name!)
    else if (what === 'begin' && done.includes(name!))
      expect(all.some(({ seed, verdict }) => name!.endsWith(` ${String(seed)}`) && verdict === 'ERROR')).toBe(
        true,
      )
  }
  expect(all).toHaveLength(4 * 4 + errors)
  reader.close()
})
