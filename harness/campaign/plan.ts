import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { z } from 'zod'
import { readKernelName } from '../../vms/kernels/kernel-name.js'
import type { KernelRequest } from '../../vms/kernels/kernels.js'
import { profileNames } from '../../vms/kernels/profiles.js'
import { UsageError, messageOf } from '../fct-error.js'
import { readYaml } from '../scenario/read-yaml.js'
import { loadScenario } from '../scenario/scenario.js'
import { cellKey, type Cell } from '../store/history-records.js'
import type { RetentionPolicy } from '../store/retention.js'

/** What runs kernels, as plans and `Cell.target` name it. */
const targetNames = ['qemu'] as const

const units = { s: 1, m: 60, h: 3600, d: 86_400 }
const likeThis = 'a duration, like 90s, 45m, 8h'
const duration = z.string({ error: likeThis }).regex(/^[1-9]\d*(\.\d+)?[smhd]$/, likeThis)
const days = z.number().positive()
const oneOrMore = <T extends z.ZodType>(inner: T) => z.union([inner, z.array(inner).min(1)])

const kernelName = z.string().min(1).describe('debian:VERSION, tree:PATH[@REVISION], image:PATH or host')
const profile = z.enum(profileNames)
const target = z.enum(targetNames)
const scenario = z.string().min(1).describe('a scenario of the catalogue, or the path of a YAML file')
const time = z.number().min(1).max(86_400).describe("seconds of load of a run, instead of the scenario's")
const seeds = z.int().min(1).max(10_000)
const kernel = z.union([
  kernelName,
  z.strictObject({
    kernel: kernelName,
    as: z
      .string()
      .regex(/^[\w.:+@/-]+$/, 'a name without spaces')
      .optional()
      .describe('what the history calls it, patches included, whatever they are that night'),
    patches: z.array(z.string().min(1)).min(1).optional().describe('files, mboxes, folders with a series'),
  }),
])

const which = {
  kernel: oneOrMore(z.string()).optional().describe('as in kernels, or its `as`'),
  profile: oneOrMore(profile).optional(),
  scenario: oneOrMore(scenario).optional(),
  target: oneOrMore(target).optional(),
}

/** A plan file. Paths are relative to it. */
export const planSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[\w.-]+$/, 'letters, digits, dots, dashes and underscores')
      .describe('nights of one name are compared'),
    kernels: z.array(kernel).min(1),
    profiles: z.array(profile).min(1).default(['stock']),
    scenarios: z.array(scenario).min(1),
    targets: z.array(target).min(1).default(['qemu']),
    seeds: seeds.optional().describe('runs of each cell and night; as many as the budget holds if not given'),
    time: time.optional(),
    budget: duration.optional().describe('how long a night may take; as long as it takes if not given'),
    include: z
      .array(
        z.strictObject({
          ...which,
          scenario: oneOrMore(scenario),
          seeds: seeds.optional(),
          time: time.optional(),
        }),
      )
      .default([])
      .describe('cells beside those of the matrix, or other seeds and times for cells of it'),
    exclude: z.array(z.strictObject(which)).default([]),
    weights: z
      .array(z.strictObject({ ...which, weight: z.number().positive().max(1000) }))
      .default([])
      .describe('shares of the budget; the first that fits a cell is its weight, others have 1'),
    retries: z.int().min(0).max(5).default(1).describe('of runs that end in ERROR, and of no others'),
    keep: z
      .strictObject({
        days: days.default(14).describe('folders of runs that found nothing'),
        findingDays: days.default(365).describe('folders of runs that found something'),
        gigabytes: z
          .number()
          .positive()
          .default(50)
          .describe('of all run folders; what found nothing goes first'),
      })
      .prefault({}),
  })
  .refine((plan) => plan.seeds !== undefined || plan.budget !== undefined, {
    error: 'a plan needs seeds, a budget, or both',
    path: ['name'],
  })

type PlanDocument = z.infer<typeof planSchema>
type Which = z.infer<z.ZodObject<typeof which>>

/** A cell, and what a run of it needs. */
export interface PlannedCell {
  readonly cell: Cell
  readonly key: string
  readonly weight: number
  /** Runs of a night; null: as many as the budget holds. */
  readonly seeds: number | null
  readonly loadSeconds: number
  /** Name of the catalogue or absolute path. */
  readonly scenario: string
  /** Its paths are absolute. */
  readonly kernel: KernelRequest
}

export interface CampaignPlan {
  readonly name: string
  /** The plan as it was read, with its defaults. */
  readonly document: PlanDocument
  readonly cells: readonly PlannedCell[]
  readonly budgetSeconds: number | null
  readonly retries: number
  readonly keep: RetentionPolicy
}

/** @throws UsageError FCT_PLAN_UNREADABLE, FCT_PLAN_INVALID (file, line, field) */
export function readPlan(path: string): CampaignPlan {
  try {
    return parsePlan(readFileSync(path, 'utf8'), path)
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError('FCT_PLAN_UNREADABLE', `cannot read the plan: ${messageOf(error)}`)
  }
}

export function parsePlan(text: string, path: string): CampaignPlan {
  const folder = dirname(resolve(path))
  const schema = planSchema.superRefine((plan, context) => {
    checkNames(plan, folder, (field, message) => {
      context.addIssue({ code: 'custom', path: [...field], message })
    })
  })
  const document = readYaml(text, { path, code: 'FCT_PLAN_INVALID', what: 'a plan', schema })
  const { name, budget, retries, keep } = document
  const budgetSeconds = budget === undefined ? null : secondsOf(budget)
  return { name, document, cells: cellsOf(document, folder), budgetSeconds, retries, keep }
}

function secondsOf(text: string): number {
  return Number(text.slice(0, -1)) * units[text.slice(-1) as keyof typeof units]
}

type Complain = (field: readonly (string | number)[], message: string) => void

/** What a schema cannot know: which kernels and scenarios there are, and that every entry means something. */
function checkNames(plan: PlanDocument, folder: string, complain: Complain): void {
  const tryOut = (field: readonly (string | number)[], act: () => unknown): void => {
    try {
      act()
    } catch (error) {
      complain(field, messageOf(error))
    }
  }
  plan.kernels.forEach((kernel, index) => {
    tryOut(['kernels', index], () => readKernelName(typeof kernel === 'string' ? kernel : kernel.kernel))
  })
  const names = plan.kernels.map((kernel) => labelOf(kernel))
  const twice = names.findIndex((name, index) => names.indexOf(name) !== index)
  if (twice >= 0) complain(['kernels', twice], 'it is there twice; `as` gives it a name of its own')
  const scenarios = [...plan.scenarios.map((name, index) => ({ name, field: ['scenarios', index] }))]
  plan.include.forEach(({ scenario }, index) => {
    for (const name of listOf(scenario)) scenarios.push({ name, field: ['include', index, 'scenario'] })
  })
  for (const { name, field } of scenarios) tryOut(field, () => loadScenario(pathFrom(folder, name)))
  const all = [...matrixOf(plan), ...plan.include.flatMap((entry) => includedBy(entry, plan))].map(
    ({ cell }) => cell,
  )
  for (const list of ['include', 'exclude', 'weights'] as const) {
    plan[list].forEach((entry, index) => {
      if (!all.some((cell) => isMeant(cell, entry)))
        complain([list, index], 'no cell of the plan is like that')
    })
  }
}

type KernelEntry = PlanDocument['kernels'][number]
interface Draft {
  readonly cell: Cell
  readonly kernel: KernelEntry
  readonly seeds: number | undefined
  readonly time: number | undefined
}

function cellsOf(plan: PlanDocument, folder: string): PlannedCell[] {
  const drafts = new Map<string, Draft>()
  for (const draft of matrixOf(plan)) {
    if (!plan.exclude.some((entry) => isMeant(draft.cell, entry))) drafts.set(cellKey(draft.cell), draft)
  }
  for (const entry of plan.include)
    for (const draft of includedBy(entry, plan)) drafts.set(cellKey(draft.cell), draft)
  return [...drafts].map(([key, { cell, kernel, seeds, time }]) => {
    const scenario = pathFrom(folder, cell.scenario)
    return {
      ...{ cell, key, scenario, seeds: seeds ?? null, kernel: requestOf(kernel, cell, folder) },
      weight: plan.weights.find((entry) => isMeant(cell, entry))?.weight ?? 1,
      loadSeconds: time ?? loadScenario(scenario).seconds,
    }
  })
}

function matrixOf(plan: PlanDocument): Draft[] {
  return product(plan, { scenarios: plan.scenarios, profiles: plan.profiles, targets: plan.targets })
}

function includedBy(entry: PlanDocument['include'][number], plan: PlanDocument): Draft[] {
  const {
    profile = plan.profiles,
    target = plan.targets,
    scenario,
    seeds = plan.seeds,
    time = plan.time,
  } = entry
  const lists = { scenarios: listOf(scenario), profiles: listOf(profile), targets: listOf(target) }
  return product({ ...plan, seeds, time }, lists).filter(({ cell }) => isMeant(cell, entry))
}

function product(
  { kernels, seeds, time }: Pick<PlanDocument, 'kernels' | 'seeds' | 'time'>,
  { scenarios, profiles, targets }: Readonly<Record<'scenarios' | 'profiles' | 'targets', readonly string[]>>,
): Draft[] {
  return kernels.flatMap((kernel) =>
    profiles.flatMap((profile) =>
      scenarios.flatMap((scenario) =>
        targets.map((target) => {
          const patches = typeof kernel === 'string' || kernel.as !== undefined ? [] : (kernel.patches ?? [])
          return {
            cell: { kernel: labelOf(kernel), profile, scenario, target, patches },
            kernel,
            seeds,
            time,
          }
        }),
      ),
    ),
  )
}

function labelOf(kernel: KernelEntry): string {
  return typeof kernel === 'string' ? kernel : (kernel.as ?? kernel.kernel)
}

function isMeant(cell: Cell, entry: Which): boolean {
  return (['kernel', 'profile', 'scenario', 'target'] as const).every((field) => {
    const wanted = entry[field]
    return wanted === undefined || listOf<string>(wanted).includes(cell[field])
  })
}

function listOf<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [value as T]
}

function requestOf(kernel: KernelEntry, { profile }: Cell, folder: string): KernelRequest {
  const { kernel: name, patches = [] } = typeof kernel === 'string' ? { kernel } : kernel
  const [, provider, path] = /^(tree|image):(.+)$/.exec(name) ?? []
  return {
    name: provider === undefined || path === undefined ? name : `${provider}:${resolve(folder, path)}`,
    patches: patches.map((patch) => resolve(folder, patch)),
    profile: profile as KernelRequest['profile'],
  }
}

/** As loadScenario tells a path from a name. */
function pathFrom(folder: string, scenario: string): string {
  return /[/.]/.test(scenario) ? resolve(folder, scenario) : scenario
}
