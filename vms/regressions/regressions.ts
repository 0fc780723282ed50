import { readdir, readFile } from 'node:fs/promises'
import { join, parse } from 'node:path'
import { z } from 'zod'
import { FctError, UsageError } from '../../harness/fct-error.js'
import { packageRoot } from '../../harness/folders.js'
import { nearest } from '../kernels/catalogue.js'

/** The series that patches are written for: those of the catalogue's kernels with the flavours of 6.2 and of 6.15. */
const seriesSchema = z.enum(['6.1', '6.12', '7.3'])

const id = z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'is not kebab-case')

const ruleList = z.string().regex(/^[a-z0-9-]+(, [a-z0-9-]+)*$/, 'is no list of rules')

const headerSchema = z.strictObject({
  Regression: id,
  Undoes: z
    .string()
    .regex(
      /^([0-9a-f]{12} \(".+"\)|flaw \d+ of v4 3\/5|v4 [45]\/5 \(".+"\)|none: .+)$/,
      'is neither 12 digits of a commit and its subject, nor a flaw of v4 3/5, nor "none:" and why',
    ),
  Symptom: z.string().min(1, 'is empty'),
  Rule: ruleList,
  Also: ruleList.optional(),
  Scenario: z.string().regex(/^[A-Z]+\d\d$/, 'is no name of a scenario'),
})

type Header = z.infer<typeof headerSchema>

/** A known kind of bug, and the patches that put it back into sound kernels. */
export interface Regression {
  /** Says the defect; kebab-case. */
  readonly id: string
  /** The upstream fix, `<12 hex> ("subject")`; the flaw or part of the series v4; or `none: why`. */
  readonly undoes: string
  /** One line: what is seen. */
  readonly symptom: string
  /** The oracle's rules that should fire; any of them will do. */
  readonly rules: readonly string[]
  /** Rules that may fire, too, by what the defect leads to. */
  readonly also: readonly string[]
  /** The scenario that should bring it out. */
  readonly scenario: string
  /** Patch files by kernel series, '6.1' and so on; a series whose code cannot be broken in this way has none. */
  readonly patches: ReadonlyMap<string, string>
}

/** The catalogue's own folder: a folder for each regression, `<id>/<series>.patch` in it. */
const catalogueFolder = join(packageRoot, 'vms', 'regressions')

/**
 * Reads the catalogue, sorted by id.
 *
 * @throws FctError FCT_REGRESSION_HEADER (a field is missing, wrong, unknown or not that of the other series),
 *   FCT_REGRESSION_ID (it is not the folder's name), FCT_REGRESSION_KERNEL (a file that is not `<series>.patch`, or none)
 */
export async function readRegressions(folder = catalogueFolder): Promise<Regression[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  const ids = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  return Promise.all(ids.sort().map((name) => readRegression(folder, name)))
}

/** @throws UsageError FCT_REGRESSION_UNKNOWN with the nearest id; FctError as readRegressions */
export async function findRegression(wanted: string, folder = catalogueFolder): Promise<Regression> {
  const regressions = await readRegressions(folder)
  const found = regressions.find((regression) => regression.id === wanted)
  if (found) return found
  const ids = regressions.map((regression) => regression.id)
  throw new UsageError(
    'FCT_REGRESSION_UNKNOWN',
    `there is no regression ${JSON.stringify(wanted)}; did you mean ${nearest(wanted, ids)}?`,
    `There are: ${ids.join(', ')}.`,
  )
}

async function readRegression(folder: string, name: string): Promise<Regression> {
  const patches = new Map<string, string>()
  let header: Header | undefined
  for (const file of (await readdir(join(folder, name))).sort()) {
    const path = join(folder, name, file)
    const series = seriesOf(path)
    const present = parseHeader(await readFile(path, 'utf8'), path)
    if (present.Regression !== name) throw wrongId(path, present.Regression, name)
    if (header) requireSame(header, present, path)
    header ??= present
    patches.set(series, path)
  }
  if (!header) throw new FctError('FCT_REGRESSION_KERNEL', `${join(folder, name)}: holds no patch`)
  const { Regression, Undoes: undoes, Symptom: symptom, Rule, Also, Scenario: scenario } = header
  const rules = Rule.split(', ')
  const also = Also?.split(', ') ?? []
  return { id: Regression, undoes, symptom, rules, also, scenario, patches }
}

function seriesOf(path: string): string {
  const { name, ext } = parse(path)
  const series = seriesSchema.safeParse(name)
  if (ext === '.patch' && series.success) return series.data
  throw new FctError(
    'FCT_REGRESSION_KERNEL',
    `${path}: its name is not that of a kernel series and .patch`,
    `Series are ${seriesSchema.options.join(', ')}.`,
  )
}

/** The lines before the first blank one, `Field: value` each. */
function parseHeader(text: string, path: string): Header {
  const fields = new Map<string, string>()
  for (const line of text.slice(0, Math.max(0, text.indexOf('\n\n'))).split('\n')) {
    const [, field, value = ''] = /^([A-Za-z-]+):(.*)$/.exec(line) ?? []
    if (field === undefined) throw badHeader(path, JSON.stringify(line), 'is no line of a header')
    if (fields.has(field)) throw badHeader(path, field, 'is there twice')
    fields.set(field, value.trim())
  }
  const header = headerSchema.safeParse(Object.fromEntries(fields))
  if (header.success) return header.data
  const [issue] = header.error.issues
  if (issue?.code === 'unrecognized_keys') throw badHeader(path, issue.keys.join(', '), 'is unknown')
  const field = String(issue?.path[0])
  throw badHeader(path, field, fields.has(field) ? (issue?.message ?? '') : 'is missing')
}

function requireSame(header: Header, present: Header, path: string): void {
  for (const field of headerSchema.keyof().options) {
    if (header[field] !== present[field])
      throw badHeader(path, field, 'is not what the patches for the other series say')
  }
}

function badHeader(path: string, field: string, reason: string): FctError {
  return new FctError('FCT_REGRESSION_HEADER', `${path}: ${field}: ${reason}`)
}

function wrongId(path: string, present: string, folder: string): FctError {
  return new FctError(
    'FCT_REGRESSION_ID',
    `${path}: Regression: is ${present}, but the folder is ${folder}`,
    'An id is the name of its folder.',
  )
}
