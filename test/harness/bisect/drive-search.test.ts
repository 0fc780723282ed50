import { appendFile, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { logPathIn, readBisectLog } from '../../../harness/bisect/bisect-log.js'
import type { Workshop } from '../../../harness/bisect/drive-search.js'
import { gitBisectLog } from '../../../harness/bisect/git-bisect-log.js'
import type { StartEntry } from '../../../harness/bisect/log-entry.js'
import { formatMail } from '../../../harness/bisect/mail.js'
import { drawPosterior } from '../../../harness/bisect/picture.js'
import { Progress } from '../../../harness/bisect/progress.js'
import type { RunReading } from '../../../harness/bisect/read-run.js'
import { culpritOf, documentOf } from '../../../harness/bisect/result.js'
import type { Reverted } from '../../../harness/bisect/revert.js'
import { verifyCulprit } from '../../../harness/bisect/verify.js'
import { UsageError } from '../../../harness/fct-error.js'
import { packageRoot } from '../../../harness/folders.js'
import { failsBy, openFakeBisect, startOf, type RunOutcome } from './fake-bisect.js'
import { createGitTree, type GitTree } from './git-tree.js'

const culprit = 8
let tree: GitTree
let start: StartEntry
let state = ''
let states = 0

beforeAll(async () => {
  tree = await createGitTree()
  for (let index = 0; index < 12; index++)
    await tree.commit({ 'fs/nfsd/vfs.c': `int v${index};\n` }, `nfsd: change ${index}`)
  start = await startOf(tree.path, 'v1', 'HEAD')
})

afterAll(() => rm(tree.folder, { recursive: true }))

beforeEach(() => {
  state = join(tree.folder, `state-${++states}`)
})

const seldom: RunOutcome = ({ candidate, isReverted }, seed) => ({
  isHit: !isReverted && candidate >= culprit && failsBy(seed, 0.4),
})

it('finds what fails four times in ten, and bears it out by reverting it', async () => {
  const bisect = await openFakeBisect(start, state, seldom)
  const reason = await bisect.search()
  const { driver } = bisect
  expect(reason).toBe('confident')
  expect(culpritOf(driver.progress, reason)).toBe(culprit)
  const verification = await verifyCulprit(driver, culprit, 0.99, () =>
    Promise.resolve({ patch: '/revert.patch', reason: undefined }),
  )
  await bisect.close()
  expect(verification).toMatchObject({ outcome: 'holds', hits: 0, misses: verification.needed })
  const conclusion = { start, progress: driver.progress, reason, confidence: 0.99, verification, state }
  const document = documentOf(conclusion)
  const commit = start.range.candidates[culprit]
  expect(document).toMatchObject({ exit: 0, outcome: 'found', reasons: [], culprit: { id: commit?.id } })
  expect(document.rate.low).toBeLessThan(0.4)
  expect(document.rate.high).toBeGreaterThan(0.4)
  const commands = { bisect: 'npx fctorture bisect', run: undefined }
  const mail = formatMail({ document, culprit: document.culprit!, commands, evidence: 'free at 1' })
  expect(mail).toMatch(new RegExp(`^Fixes: ${commit?.id.slice(0, 12)} \\("nfsd: change ${culprit}"\\)$`, 'm'))
  expect(mail).toMatch(/^Subject: \[REGRESSION\] nfsd: free-at-zero, since /)
  expect(mail).toMatch(/^It fails in \d+ % of the runs \(95 %: \d+ % to \d+ %\)/m)
  expect(drawPosterior(start, driver.progress)).toMatch(/█{20}.* \d+ of \d+ fail +nfsd: change 8/)
})

it('says that what fails without the culprit, too, is not all of it', async () => {
  const bisect = await openFakeBisect(start, state, (which, seed) =>
    which.isReverted ? { isHit: true } : seldom(which, seed),
  )
  const reason = await bisect.search()
  const verification = await verifyCulprit(bisect.driver, culprit, 0.99, () =>
    Promise.resolve({ patch: '/revert.patch', reason: undefined }),
  )
  await bisect.close()
  const { progress } = bisect.driver
  expect(documentOf({ start, progress, reason, confidence: 0.99, verification, state })).toMatchObject({
    exit: 125,
    reasons: [{ code: 'FCT_BISECT_REFUTED' }],
    verification: { outcome: 'refuted', hits: 1 },
  })
})

it.each<[string, Partial<RunReading>, Reverted, object]>([
  [
    'does not revert',
    {},
    { patch: undefined, reason: 'it conflicts' },
    { outcome: 'not reverted', reason: 'it conflicts', misses: 0 },
  ],
  [
    'cannot be built without it',
    { unbuildable: 'FCT_NFSD_BUILD: no' },
    { patch: '/revert.patch', reason: undefined },
    { outcome: 'not reverted', reason: 'the bad end cannot be built without it' },
  ],
  [
    'says nothing without it',
    { nothing: 'FCT_GUEST_BOOT: it does not boot' },
    { patch: '/revert.patch', reason: undefined },
    { outcome: 'undecided', reason: 'its runs say nothing', misses: 0 },
  ],
])('a culprit is found, if not borne out, whose bad end %s', async (_, without, reverted, expected) => {
  const bisect = await openFakeBisect(start, state, (which, seed) =>
    which.isReverted ? without : seldom(which, seed),
  )
  const reason = await bisect.search()
  const { driver } = bisect
  const verification = await verifyCulprit(driver, culprit, 0.99, () => Promise.resolve(reverted))
  await bisect.close()
  expect(verification).toMatchObject(expected)
  const conclusion = { start, progress: driver.progress, reason, confidence: 0.99, verification, state }
  expect(documentOf(conclusion)).toMatchObject({ exit: 0, outcome: 'found', reasons: [] })
})

it('goes on where it was killed, at any moment, and its log alone tells the same', async () => {
  let calls = 0
  let ran = 0
  let last: Progress | undefined
  while (last === undefined && calls < 1000) {
    const bisect = await openFakeBisect(start, state, (which, seed) => {
      if (++calls % 3 === 0) throw new Error('killed')
      ran++
      return seldom(which, seed)
    })
    const reason = await bisect.search().catch(() => undefined)
    await bisect.close()
    if (reason === 'confident') last = bisect.driver.progress
    // What a process leaves that is killed while it writes.
    else await appendFile(logPathIn(state), '{"kind":"run","candi')
  }
  const { entries } = await readBisectLog(logPathIn(state))
  const progress = new Progress(start, 0.99)
  for (const entry of entries) progress.add(entry)
  expect(progress.runs).toHaveLength(ran)
  expect(progress.search.next(progress.costs())).toEqual({ kind: 'done', reason: 'confident' })
  expect(progress.search.posterior()).toEqual(last?.search.posterior())
  expect(culpritOf(progress, 'confident')).toBe(culprit)
})

it('leaves out what does not build, and shows git a log that it replays to the same end', async () => {
  const broken = 5
  const bisect = await openFakeBisect(start, state, seldom, {
    build: ({ candidate }) => Promise.resolve(candidate === broken ? 'FCT_NFSD_BUILD: no' : undefined),
  })
  expect(await bisect.search()).toBe('confident')
  await bisect.close()
  const log = join(tree.folder, 'git-bisect.log')
  await writeFile(log, gitBisectLog(start, bisect.driver.progress, 0.99))
  await tree.git('bisect', 'replay', log)
  const said = await tree.git('bisect', 'log')
  await tree.git('bisect', 'reset')
  expect(said).toContain(`# first bad commit: [${start.range.candidates[culprit]?.id ?? ''}]`)
})

describe('a run that says nothing', () => {
  it('by a quiet machine is no miss', async () => {
    const bisect = await openFakeBisect(start, state, ({ candidate }, seed) => {
      const isBad = candidate >= culprit
      const isQuiet = candidate !== start.range.candidates.length - 1 && seed % 3 === 0
      const exposure = { 'close*acquire': isQuiet ? 10 : 100 }
      return { exposure, isHit: isBad && !isQuiet && failsBy(seed, 0.4) }
    })
    const reason = await bisect.search()
    await bisect.close()
    const { progress } = bisect.driver
    const quiet = progress.runs.filter(({ exposure }) => exposure['close*acquire'] === 10)
    expect(quiet.length).toBeGreaterThan(0)
    expect(new Set(quiet.map(({ outcome }) => outcome))).toEqual(new Set(['nothing']))
    expect(quiet[0]?.reason).toContain('close*acquire 10/s instead of 100/s')
    expect(culpritOf(progress, reason)).toBe(culprit)
  })

  it('by our own trouble, again and again, ends it', async () => {
    const trouble = { trouble: 'FCT_DISK_FULL', nothing: 'FCT_DISK_FULL: no space' }
    const bisect = await openFakeBisect(start, state, () => trouble)
    await expect(bisect.search()).rejects.toMatchObject({ code: 'FCT_BISECT_TROUBLE' })
    await bisect.close()
    expect(bisect.driver.progress.runs).toHaveLength(3)
  })
})

describe('ends without a culprit when', () => {
  async function codeOf(outcome: RunOutcome, budget = 1e6, build?: Workshop['build']): Promise<string> {
    const bisect = await openFakeBisect(start, state, outcome, { budget, ...(build && { build }) })
    const reason = await bisect.search()
    await bisect.close()
    const { progress } = bisect.driver
    const document = documentOf({ start, progress, reason, confidence: 0.99, verification: null, state })
    expect(document).toMatchObject({ exit: 125, outcome: 'not found', culprit: null })
    return document.reasons.map(({ code, message }) => `${code}: ${message}`).join('\n')
  }

  it.each([1, 0.3])('the good end fails, at a rate of %f, with what to do', async (rate) => {
    const said =
      /^FCT_BISECT_GOOD_FAILS: the good end \w{12} \(".+"\) fails itself: [1-9]\d* of \d+ runs; .* name an older one with --good$/
    expect(await codeOf((_, seed) => ({ isHit: failsBy(seed, rate) }))).toMatch(said)
    const args = ['bisect', '--replay', logPathIn(state)]
    const cli = join(packageRoot, 'harness', 'fctorture.mjs')
    const { exitCode, stdout } = await execa(process.execPath, [cli, ...args], { reject: false })
    expect(exitCode).toBe(125)
    expect(stdout.split('\n')).toContainEqual(expect.stringMatching(said))
  })

  it('the base of a series fails', () => {
    const source = { kind: 'series', series: '/series', base: 'debian:6.1' } as const
    const progress = new Progress({ ...start, source }, 0.99)
    const conclusion = { start: { ...start, source }, progress, reason: 'good-end-fails' } as const
    expect(documentOf({ ...conclusion, confidence: 0.99, verification: null, state }).reasons).toMatchObject([
      {
        code: 'FCT_BISECT_GOOD_FAILS',
        message: expect.stringMatching(/; no patch of the series brought it/) as string,
      },
    ])
  })

  it('the bad end never fails, with the rate that is excluded', async () => {
    expect(await codeOf(() => ({}))).toMatch(
      /^FCT_BISECT_NEVER_FAILS: the bad end \w{12} \(".+"\) never failed in 300 runs: a rate above 0\.010 is excluded at 95 %$/,
    )
  })

  it('the bad end says nothing', async () => {
    expect(await codeOf(() => ({ nothing: 'FCT_GUEST_BOOT: it does not boot' }))).toMatch(
      /^FCT_BISECT_BAD_UNUSABLE: .*it does not boot/,
    )
  })

  it('what does not build is beside the culprit, with all that it may be', async () => {
    const said = await codeOf(seldom, undefined, ({ candidate }) =>
      Promise.resolve(candidate === culprit || candidate === culprit - 1 ? 'FCT_NFSD_BUILD: no' : undefined),
    )
    const names = [...said.matchAll(/\w{12} \("nfsd: change (\d+)"\)/g)].map(([, index]) => Number(index))
    expect(said).toMatch(/^FCT_BISECT_SKIPPED: some commits cannot be tested: it is one of /)
    expect(names.sort()).toEqual([culprit - 1, culprit, culprit + 1])
  })

  it('the budget is used up', async () => {
    expect(await codeOf(seldom, 0)).toMatch(/^FCT_BISECT_BUDGET/)
  })
})

it('does not go on with what has moved, nor with another search', async () => {
  const first = await openFakeBisect(start, state, seldom, { budget: 0 })
  await first.close()
  const shorter = await startOf(tree.path, 'v1', 'HEAD~1')
  const moved: unknown = await openFakeBisect(shorter, state, seldom).catch((error: unknown) => error)
  expect(moved).toBeInstanceOf(UsageError)
  const { code, message, detail } = moved as UsageError
  expect(code).toBe('FCT_BISECT_MOVED')
  expect(message).toMatch(/ has moved on: .* to \w{12} \("nfsd: change 11"\), .* \("nfsd: change 10"\) now$/)
  const [, good = '', bad = ''] = /--good (\w+) --bad (\w+)$/m.exec(detail) ?? []
  const asAdvised = await openFakeBisect(await startOf(tree.path, good, bad), state, seldom, { budget: 0 })
  await asAdvised.close()
  const amplification = { ...start.amplification, hash: 'of a scenario that was edited' }
  for (const other of [{ signature: 'use-at-zero' }, { rate: { low: 0.1, high: 0.2 } }, { amplification }])
    await expect(openFakeBisect({ ...start, ...other }, state, seldom)).rejects.toMatchObject({
      code: 'FCT_BISECT_OTHER',
    })
})

it('refuses a log that is damaged', async () => {
  const first = await openFakeBisect(start, state, seldom, { budget: 0 })
  await first.close()
  const text = await readFile(logPathIn(state), 'utf8')
  await writeFile(logPathIn(state), `${text}{"kind":"run"}\n`)
  await expect(openFakeBisect(start, state, seldom)).rejects.toMatchObject({ code: 'FCT_BISECT_LOG' })
})
