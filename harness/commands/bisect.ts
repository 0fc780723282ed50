import { randomInt } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Mirrors } from '../../vms/apt-root.js'
import { hashOf } from '../../vms/cache.js'
import type { ProfileName } from '../../vms/kernels/profiles.js'
import { beginOrResume } from '../bisect/begin.js'
import { openBisectLog, type BisectLog } from '../bisect/bisect-log.js'
import { SearchDriver } from '../bisect/drive-search.js'
import { gitBisectLog } from '../bisect/git-bisect-log.js'
import type { StartEntry } from '../bisect/log-entry.js'
import { formatMail } from '../bisect/mail.js'
import { drawPosterior } from '../bisect/picture.js'
import type { RateRange } from '../bisect/rates.js'
import { parseWanted } from '../bisect/read-run.js'
import { culpritOf, documentOf, toJson, type BisectDocument, type Conclusion } from '../bisect/result.js'
import { describeBisect, showSteps } from '../bisect/show.js'
import { verifyCulprit } from '../bisect/verify.js'
import { bisectsFolder } from '../folders.js'
import { printable } from '../report/figures.js'
import { planRun } from '../scenario/plan.js'
import type { ResultDocument } from '../verdict/result.js'
import { openSource, type BisectSource } from './bisect-source.js'
import { createWorkshop } from './bisect-workshop.js'
import { decideJobs } from './decide-jobs.js'
import { buildContext } from './progress.js'
import { commandOf } from './repeat-command.js'

export interface BisectOptions {
  readonly source: StartEntry['source']
  readonly scenario: string
  readonly time?: number
  readonly clientsOnly?: boolean
  readonly profile: ProfileName
  /** A signature, or a rule. */
  readonly signature: string
  readonly confidence: number
  /** Where the failure rate lies, if that is known. */
  readonly rate?: RateRange
  /** Seconds. */
  readonly budget: number
  /** Paths that the user suspects. */
  readonly path: readonly string[]
  readonly seed?: number
  /** Whether the culprit is reverted at the end. */
  readonly verify: boolean
  readonly state?: string
  /** Builds and guests at a time; decided by what the host has if undefined. */
  readonly jobs?: number
  readonly runs: string
  readonly json?: boolean
  readonly mirrors: Mirrors | undefined
}

/** What a search is where the user says nothing else. */
export const bisectDefaults = {
  profile: 'stock',
  confidence: 0.99,
  budget: 8 * 3600,
  path: [],
  verify: true,
} as const satisfies Partial<BisectOptions>

const drawnSeeds = 2 ** 32

/** Finds the first bad commit, or goes on looking for it, and prints. The exit status is 0 if it was found, 125 if not. */
export async function bisectCommand(options: BisectOptions, signal: AbortSignal): Promise<number> {
  const { document, picture } = await findCulprit(options, signal)
  process.stdout.write(options.json === true ? toJson(document) : describeBisect(document, picture))
  return document.exit
}

/** What a search has come to, and its picture for a terminal. */
interface Found {
  readonly document: BisectDocument
  readonly picture: string
}

/** Steps are told on stderr; all that can be said is in the state's folder afterwards. */
export async function findCulprit(options: Omit<BisectOptions, 'json'>, signal: AbortSignal): Promise<Found> {
  parseWanted(options.signature)
  const amplification = amplificationOf(options)
  const state = resolve(options.state ?? defaultState(options, amplification))
  const { source: named, path: suspects, profile, signature } = options
  const source = await openSource({ source: named, suspects, profile, state }, signal)
  for (const notice of source.notices) process.stderr.write(`bisect: ${printable(notice)}\n`)
  const log = await openBisectLog(state)
  try {
    const seed = options.seed ?? randomInt(drawnSeeds)
    const { candidates, good, goodEvidence } = source.range
    const range = {
      candidates: candidates.map((candidate) => ({ ...candidate, parents: [...candidate.parents] })),
      goodEvidence: [...goodEvidence],
      good,
    }
    const wanted: StartEntry = {
      ...{ kind: 'start', schema: 1, source: named, signature, amplification, seed, range },
      ...(options.rate && { rate: options.rate }),
    }
    const start = await beginOrResume(log, wanted, state)
    return await search({ ...options, state }, { start, log, source }, signal)
  } finally {
    await log.close()
  }
}

async function search(
  options: Omit<BisectOptions, 'json'> & { readonly state: string },
  { start, log, source }: { start: StartEntry; log: BisectLog; source: BisectSource },
  signal: AbortSignal,
): Promise<Found> {
  const { confidence, budget, state, runs, mirrors } = options
  const context = buildContext(process.stderr, signal, mirrors)
  const jobs = decideJobs('bisect', options.jobs)
  const driver: SearchDriver = new SearchDriver({
    ...{ start, log, confidence, budget, jobs, signal },
    observer: showSteps(start, (line) => process.stderr.write(`bisect: ${printable(line)}\n`)),
    workshop: createWorkshop({
      ...{ start, runs, context, isOneOfMany: jobs !== 1 },
      requestOf: (which) => source.requestOf(which, driver.progress.revert?.patch),
    }),
  })
  const reason = await driver.search()
  const { progress } = driver
  const culprit = culpritOf(progress, reason)
  const verification =
    culprit === undefined || !options.verify
      ? null
      : await verifyCulprit(driver, culprit, confidence, () => source.revert(culprit))
  return report({ start, progress, reason, confidence, verification, state })
}

/** Leaves in the state's folder all that can be said. */
async function report(conclusion: Conclusion): Promise<Found> {
  const { start, progress, confidence, state } = conclusion
  const document = documentOf(conclusion)
  await writeFile(join(state, 'result.json'), toJson(document))
  if (start.source.kind === 'tree')
    await writeFile(join(state, 'git-bisect.log'), gitBisectLog(start, progress, confidence))
  if (document.culprit !== null) {
    const mail = formatMail({ document, culprit: document.culprit, ...(await evidenceOf(conclusion)) })
    await writeFile(join(state, 'mail.txt'), mail)
  }
  return { document, picture: drawPosterior(start, progress) }
}

/** Of the first failing run, as far as its folder is still there. */
async function evidenceOf({ start, progress }: Conclusion): Promise<{
  evidence: string | undefined
  commands: { bisect: string; run: string | undefined }
}> {
  const hit = progress.runs.find(({ outcome, isReverted }) => outcome === 'hit' && !isReverted)
  const read = async (name: string): Promise<unknown> =>
    hit && JSON.parse(await readFile(join(hit.run, name), 'utf8').catch(() => 'null'))
  const result = (await read('verdict.json')) as ResultDocument | null | undefined
  const parameters = (await read('run.json')) as { repeat?: string } | null | undefined
  const { rule, signature } = parseWanted(start.signature)
  const finding = result?.findings.find(
    (found) => found.rule === rule && (signature ?? found.signature) === found.signature,
  )
  return {
    evidence: finding && `${finding.signature}\n${finding.evidence}`,
    commands: { bisect: repeatBisect(start), run: parameters?.repeat },
  }
}

function repeatBisect({ source, signature, amplification, seed, rate }: StartEntry): string {
  const { scenario, seconds, profile, clientsOnly } = amplification
  const of =
    source.kind === 'tree'
      ? ['--tree', source.tree, '--good', source.good, '--bad', source.bad]
      : ['--series', source.series, '--base', source.base]
  const words = ['bisect', ...of, '--scenario', scenario, '--signature', signature, '--time', String(seconds)]
  if (profile !== 'stock') words.push('--profile', profile)
  if (clientsOnly) words.push('--clients-only')
  if (rate !== undefined) words.push('--rate', `${rate.low}..${rate.high}`)
  return commandOf([...words, '--seed', String(seed)])
}

function amplificationOf(options: Omit<BisectOptions, 'json'>): StartEntry['amplification'] {
  const { scenario: name, time, clientsOnly = false, profile } = options
  const kernel = { name: '', patches: [], profile }
  const { scenario } = planRun({ scenario: name, kernel, clientsOnly, ...(time !== undefined && { time }) })
  return { scenario: name, seconds: scenario.seconds, profile, clientsOnly, hash: hashOf(scenario) }
}

/** The same command has the same folder, whatever its revisions mean by then. */
function defaultState({ source, signature }: BisectOptions, load: StartEntry['amplification']): string {
  return join(bisectsFolder(), hashOf([source, signature, { ...load, hash: '' }]))
}
