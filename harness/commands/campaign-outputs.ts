import { InvalidArgumentError, Option, type Command } from 'commander'
import { failOnChoices, nightExit, type FailOn } from '../campaign/night-exit.js'
import { judgeNights, type NightJudgement } from '../campaign/judge-nights.js'
import { composeNotice } from '../campaign/notice.js'
import { notify, parseNotifyWay, type Delivery, type NotifyWay } from '../campaign/notify.js'
import { nightsUntil } from '../campaign/read-nights.js'
import { githubCommands, gitlabIssues } from '../export/annotations.js'
import { junitLines } from '../export/junit.js'
import { kcidbReport } from '../export/kcidb.js'
import { ktapLines } from '../export/ktap.js'
import type { NightReport } from '../export/night-report.js'
import { messageOf, UsageError } from '../fct-error.js'
import type { Campaign } from '../store/history-records.js'
import type { HistoryReader } from '../store/history.js'
import { exitStatus } from './exit-status.js'
import { toLines, writeText } from './write-text.js'

/** Where annotations go to: GitHub's to stderr, GitLab's to a file. */
export type AnnotationsFor = { readonly kind: 'github' } | { readonly kind: 'gitlab'; readonly file: string }

export interface CampaignOutputOptions {
  /** Files; `-` is stdout. */
  readonly junit?: string
  readonly ktap?: string
  readonly kcidb?: string
  readonly kcidbOrigin: string
  readonly annotations?: AnnotationsFor
  readonly notify: readonly NotifyWay[]
  readonly notifyFrom: string
  readonly notifyTo: string
  readonly failOn: FailOn
}

/** What came of the outputs of a night. */
export interface CampaignOutputs {
  readonly judgement: NightJudgement
  /** 0, 1 or 125 by the night; 128 if an output failed, unless the night is a FAIL. */
  readonly exit: number
  readonly deliveries: readonly Delivery[]
}

/** For `nightly`, and whoever else has a night to tell of. */
export function addCampaignOutputOptions(command: Command): Command {
  return command
    .option('--junit <file>', 'the night as JUnit XML; - for stdout, as with the others')
    .option('--ktap <file>', 'as KTAP version 1')
    .option('--kcidb <file>', 'as a report of the kcidb I/O schema 5.3')
    .option('--kcidb-origin <name>', 'name of the CI system at kcidb', parseOrigin, 'fctorture')
    .option(
      '--annotations <for>',
      'github: workflow commands on stderr; gitlab[:FILE]: a code quality report (gl-code-quality-report.json)',
      parseAnnotations,
    )
    .option(
      '--notify <way>',
      'tell what changed, if anything did, by exec:PROGRAM (JSON on stdin), the URL of a webhook, or mail:FILE (mail:- for stdout); several times for several',
      (text: string, known: readonly NotifyWay[]) => [...known, parseNotifyWay(text)],
      [],
    )
    .option('--notify-from <address>', 'sender of mail', parseAddress, 'fctorture@localhost')
    .option('--notify-to <address>', 'receiver of mail', parseAddress, 'root@localhost')
    .addOption(
      new Option('--fail-on <what>', 'exit with 1 on any finding, or only on one that is new, back or worse')
        .choices(failOnChoices)
        .default('any' satisfies FailOn),
    )
}

function parseOrigin(text: string): string {
  if (/^[a-z0-9_]+$/.test(text)) return text
  throw new InvalidArgumentError('It must be lower case letters, digits and underscores.')
}

function parseAddress(text: string): string {
  if (/^[!-~]+@[!-~]+$/.test(text)) return text
  throw new InvalidArgumentError('It must be an address like name@example.org.')
}

function parseAnnotations(text: string): AnnotationsFor {
  if (text === 'github') return { kind: 'github' }
  const match = /^gitlab(?::(.+))?$/.exec(text)
  if (match) return { kind: 'gitlab', file: match[1] ?? 'gl-code-quality-report.json' }
  throw new InvalidArgumentError('It must be github, gitlab or gitlab:FILE.')
}

/**
 * That stdout gets one document at the most.
 *
 * @throws UsageError FCT_OUTPUT_STDOUT
 */
export function checkCampaignOutputs(options: CampaignOutputOptions, json: boolean): void {
  const { junit, ktap, kcidb, notify: ways } = options
  const mails = ways.filter((way) => way.kind === 'mail').map(({ file }) => file)
  const documents = [junit, ktap, kcidb, ...mails].filter((file) => file === '-')
  if (documents.length + (json ? 1 : 0) <= 1) return
  throw new UsageError('FCT_OUTPUT_STDOUT', 'only one document can have stdout: give the others a file')
}

export interface CampaignOutputContext {
  /** Path of the plan, as annotations name it. */
  readonly plan: string
  readonly signal?: AbortSignal
}

const timeoutMs = 30_000
const waitsMs = [2000, 10_000]

/** Judges a night against those before, and writes and sends all that is asked for; one output that fails stops no other. */
export async function writeCampaignOutputs(
  store: HistoryReader,
  campaign: Pick<Campaign, 'id' | 'name' | 'started'>,
  options: CampaignOutputOptions,
  context: CampaignOutputContext,
): Promise<CampaignOutputs> {
  const records = nightsUntil(store, campaign)
  const judgement = judgeNights(records)
  const report = { judgement, runs: [...(records.at(-1)?.runs ?? [])] }
  const failures = await writeFiles(report, options, context.plan)
  const deliveries = await sendNotices(judgement, options, context.signal)
  const lost = deliveries.filter(({ isDelivered }) => !isDelivered)
  for (const failure of failures) process.stderr.write(`${failure}\n`)
  for (const delivery of deliveries) process.stderr.write(describeFailures(delivery))
  const exit = nightExit(judgement, options.failOn)
  const hasFailed = failures.length + lost.length > 0 && exit !== exitStatus.fail
  return { judgement, exit: hasFailed ? exitStatus.failed : exit, deliveries }
}

async function writeFiles(
  report: NightReport,
  options: CampaignOutputOptions,
  plan: string,
): Promise<string[]> {
  const { junit, ktap, kcidb, kcidbOrigin, annotations } = options
  const outputs: (readonly [string | undefined, () => Iterable<string>])[] = [
    [junit, () => toLines(junitLines(report))],
    [ktap, () => toLines(ktapLines(report))],
    [kcidb, () => toJson(kcidbReport(report, kcidbOrigin))],
  ]
  if (annotations?.kind === 'gitlab')
    outputs.push([annotations.file, () => toJson(gitlabIssues(report.judgement, plan))])
  // stdout may have its document already.
  if (annotations?.kind === 'github')
    for (const line of githubCommands(report.judgement)) process.stderr.write(`${line}\n`)
  const failures: string[] = []
  for (const [file, make] of outputs) {
    if (file === undefined) continue
    await writeText(make(), file === '-' ? undefined : file).catch((error: unknown) => {
      failures.push(`${file} could not be written: ${messageOf(error)}`)
    })
  }
  return failures
}

async function sendNotices(
  judgement: NightJudgement,
  { notify: ways, notifyFrom: from, notifyTo: to }: CampaignOutputOptions,
  signal: AbortSignal | undefined,
): Promise<Delivery[]> {
  const notice = composeNotice(judgement)
  if (notice === null) return []
  const options = { from, to, timeoutMs, waitsMs, ...(signal && { signal }) }
  return Promise.all(ways.map((way) => notify(way, notice, options)))
}

function describeFailures({ way, isDelivered, failures }: Delivery): string {
  if (failures.length === 0) return ''
  const outcome = isDelivered ? 'was told in the end' : 'could not be told what changed'
  return `${way} ${outcome}: ${failures.join('; ')}\n`
}

function toJson(document: object): string[] {
  return [`${JSON.stringify(document, null, 2)}\n`]
}
