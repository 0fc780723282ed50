import type { NightRun } from '../campaign/nights.js'
import { printable } from '../report/figures.js'
import { linesOf, statusOf, type NightReport } from './night-report.js'

/** kcidb's words: MISS is a failure of what runs tests, ERROR a test that could not tell. */
const statuses = {
  passed: 'PASS',
  failed: 'FAIL',
  unknown: 'ERROR',
  broken: 'MISS',
  skipped: 'SKIP',
} as const

/** A log excerpt has at most so many characters. */
const excerptLimit = 16_384

/** A report of the I/O schema 5.3 of kernelci/kcidb-io; optional properties that we do not know are absent, none is null. */
export interface KcidbReport {
  readonly version: { readonly major: 5; readonly minor: 3 }
  readonly checkouts: readonly KcidbCheckout[]
  readonly builds: readonly KcidbBuild[]
  readonly tests: readonly KcidbTest[]
}

interface KcidbObject {
  /** `ORIGIN:` and what is unique among all objects of its kind of that origin. */
  readonly id: string
  readonly origin: string
  readonly comment: string
  readonly misc: Readonly<Record<string, unknown>>
}

interface KcidbCheckout extends KcidbObject {
  readonly valid: true
  /** Empty: no patches; absent: patches whose text is not known here. */
  readonly patchset_hash?: ''
}

interface KcidbBuild extends KcidbObject {
  readonly checkout_id: string
  readonly config_name: string
  readonly status: 'PASS' | 'MISS'
}

interface KcidbTest extends KcidbObject {
  readonly build_id: string
  readonly path: string
  readonly status: (typeof statuses)[keyof typeof statuses]
  readonly start_time: string
  readonly duration: number
  readonly log_excerpt?: string
  readonly environment: { readonly comment: string }
}

/**
 * One build per kernel, one test per attempt. A kernel that could not be had is a build and a test of status MISS.
 *
 * @param origin The CI system's name at kcidb: lower case letters, digits, `_`.
 */
export function kcidbReport({ judgement, runs }: NightReport, origin: string): KcidbReport {
  const place = { origin, night: judgement.night.started }
  const kernels = new Map(runs.map((run) => [kernelId(run, place), run]))
  return {
    version: { major: 5, minor: 3 },
    checkouts: [...kernels.values()].map((run) => toCheckout(run, place)),
    builds: [...kernels.values()].map((run) => toBuild(run, place)),
    tests: runs.map((run) => toTest(run, place)),
  }
}

interface Place {
  readonly origin: string
  readonly night: string
}

/** Hash of a kernel that could not be had. */
const noKernel = 'unknown'

/** The same kernel is the same object in every report; without one there is one per cell and night. */
function kernelId({ key, kernel: { hash } }: NightRun, { origin, night }: Place): string {
  return `${origin}:${hash === noKernel ? kcidbText(`${night}:${key}`) : hash}`
}

function toCheckout(run: NightRun, place: Place): KcidbCheckout {
  const { kernel, patches } = run.cell
  return {
    id: kernelId(run, place),
    origin: place.origin,
    comment: kcidbText(`${kernel} ${run.kernel.release}`),
    ...(patches.length === 0 ? { patchset_hash: '' as const } : {}),
    valid: true,
    misc: { kernel, patches },
  }
}

function toBuild(run: NightRun, place: Place): KcidbBuild {
  const { kernel, profile } = run.cell
  const { release, hash, flavour } = run.kernel
  return {
    id: kernelId(run, place),
    checkout_id: kernelId(run, place),
    origin: place.origin,
    comment: kcidbText(`${kernel} ${release} ${profile}`),
    config_name: kcidbText(profile),
    status: hash === noKernel ? 'MISS' : 'PASS',
    misc: { release, hash, flavour },
  }
}

function toTest(run: NightRun, place: Place): KcidbTest {
  const { origin, night } = place
  const { id, cell, seed, attempt, verdict, guestSeconds, findings } = run
  const lines = linesOf(run)
  return {
    // A store's numbers begin again with another store: the night's time and the seed tell them apart.
    id: `${origin}:${[night, String(id), String(seed), String(attempt)].join(':')}`,
    build_id: kernelId(run, place),
    origin,
    path: testPath(cell.scenario),
    comment: kcidbText(`${run.key} seed ${String(seed)}`),
    status: statuses[statusOf(run)],
    start_time: run.started,
    duration: run.seconds,
    ...(lines.length > 0 ? { log_excerpt: excerpt(lines) } : {}),
    environment: { comment: kcidbText(cell.target) },
    misc: {
      ...{ verdict, seed, attempt, guestSeconds, cell },
      findings: findings.map((finding) => ({ ...finding, signature: kcidbText(finding.signature) })),
    },
  }
}

/** `fctorture.close01`: of a path of a scenario its file's name. */
function testPath(scenario: string): string {
  const name = scenario.replace(/^.*\//, '').replace(/\.ya?ml$/, '')
  return `fctorture.${name.toLowerCase().replace(/[^a-z0-9_-]+/g, '_') || 'scenario'}`
}

/** Well-formed, and without the NUL that kcidb refuses. */
function kcidbText(text: string): string {
  return printable(text).replace(/\p{Cs}/gu, '\ufffd')
}

/** Cut between characters. */
function excerpt(lines: readonly string[]): string {
  const text = kcidbText(lines.join('\n'))
  return text.length <= excerptLimit ? text : text.slice(0, excerptLimit).replace(/[\ud800-\udbff]$/, '')
}
