import { dirname, resolve } from 'node:path'
import { z } from 'zod'
import { readKernelName } from '../../vms/kernels/kernel-name.js'
import { profileNames } from '../../vms/kernels/profiles.js'
import { UsageError, messageOf } from '../fct-error.js'
import { readYaml, readYamlText } from '../scenario/read-yaml.js'
import { loadScenario } from '../scenario/scenario.js'
import type { MachineAddress } from '../scenario/plan.js'
import type { RetentionPolicy } from '../store/retention.js'
import {
  cellsOf,
  includedBy,
  isMeant,
  labelOf,
  listOf,
  matrixOf,
  pathFrom,
  type PlannedCell,
} from './plan-cells.js'
import {
  checkTargets,
  namedTwice,
  noMachines,
  ownTarget,
  runningKernel,
  type MachineLookup,
} from './plan-targets.js'

const units = { s: 1, m: 60, h: 3600, d: 86_400 }
const likeThis = 'a duration, like 90s, 45m, 8h'
const duration = z.string({ error: likeThis }).regex(/^[1-9]\d*(\.\d+)?[smhd]$/, likeThis)
const days = z.number().positive()
const oneOrMore = <T extends z.ZodType>(inner: T) => z.union([inner, z.array(inner).min(1)])

const kernelName = z
  .string()
  .min(1)
  .describe(`debian:VERSION, tree:PATH[@REVISION], image:PATH or host; ${runningKernel}: what a machine runs`)
const profile = z.enum(profileNames)
const target = z
  .string()
  .min(1)
  .describe(`${ownTarget} (guests), ssh://root@host, or a name of the targets file`)
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
    targets: z.array(target).min(1).default([ownTarget]),
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
        cacheGigabytes: z
          .number()
          .positive()
          .default(20)
          .describe('of the cache (kernels, saved guests); what was not used for longest goes first'),
      })
      .prefault({}),
  })
  .refine((plan) => plan.seeds !== undefined || plan.budget !== undefined, {
    error: 'a plan needs seeds, a budget, or both',
    path: ['name'],
  })

export type PlanDocument = z.infer<typeof planSchema>
export type Which = z.infer<z.ZodObject<typeof which>>

export interface CampaignPlan {
  readonly name: string
  /** The plan as it was read, with its defaults. */
  readonly document: PlanDocument
  readonly cells: readonly PlannedCell[]
  readonly budgetSeconds: number | null
  readonly retries: number
  readonly keep: RetentionPolicy
  /** Targets of the cells that are no guests, by name. */
  readonly machines: ReadonlyMap<string, MachineAddress>
}

/** @throws UsageError FCT_PLAN_UNREADABLE, FCT_PLAN_INVALID (file, line, field), FCT_PLAN_TARGET_KERNEL, FCT_TARGET_CLIENTS */
export function readPlan(path: string, lookUp: MachineLookup = noMachines): CampaignPlan {
  try {
    return parsePlan(readYamlText(path), path, lookUp)
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError('FCT_PLAN_UNREADABLE', `cannot read the plan: ${messageOf(error)}`)
  }
}

export function parsePlan(text: string, path: string, lookUp: MachineLookup = noMachines): CampaignPlan {
  const folder = dirname(resolve(path))
  const machines = new Map<string, MachineAddress>()
  const schema = planSchema.superRefine((plan, context) => {
    const complain: Complain = (field, message) => {
      context.addIssue({ code: 'custom', path: [...field], message })
    }
    checkNames(plan, folder, complain)
    findMachines(plan, machines, lookUp, complain)
  })
  const document = readYaml(text, { path, code: 'FCT_PLAN_INVALID', what: 'a plan', schema })
  const { name, budget, retries, keep } = document
  const budgetSeconds = budget === undefined ? null : secondsOf(budget)
  const cells = cellsOf(document, folder)
  checkTargets(cells, machines)
  return { name, document, cells, budgetSeconds, retries, keep, machines }
}

function secondsOf(text: string): number {
  return Number(text.slice(0, -1)) * units[text.slice(-1) as keyof typeof units]
}

type Complain = (field: readonly (string | number)[], message: string) => void

function tryOut(complain: Complain, field: readonly (string | number)[], act: () => unknown): void {
  try {
    act()
  } catch (error) {
    complain(field, messageOf(error))
  }
}

/** @param machines Gets all that are named. */
function findMachines(
  plan: PlanDocument,
  machines: Map<string, MachineAddress>,
  lookUp: MachineLookup,
  complain: Complain,
): void {
  const named = [
    ...plan.targets.map((name, index) => ({ name, field: ['targets', index] })),
    ...plan.include.flatMap(({ target = [] }, index) =>
      listOf(target).map((name) => ({ name, field: ['include', index, 'target'] })),
    ),
  ].filter(({ name }) => name !== ownTarget)
  for (const { name, field } of named) {
    tryOut(complain, field, () => machines.set(name, lookUp(name)))
    if (namedTwice(machines) === name) {
      complain(field, 'that machine is there under another name')
      machines.delete(name)
    }
  }
}

/** What a schema cannot know: which kernels and scenarios there are, and that every entry means something. */
function checkNames(plan: PlanDocument, folder: string, complain: Complain): void {
  plan.kernels.forEach((kernel, index) => {
    const name = typeof kernel === 'string' ? kernel : kernel.kernel
    if (name !== runningKernel) tryOut(complain, ['kernels', index], () => readKernelName(name))
  })
  const names = plan.kernels.map((kernel) => labelOf(kernel))
  const twice = names.findIndex((name, index) => names.indexOf(name) !== index)
  if (twice >= 0) complain(['kernels', twice], 'it is there twice; `as` gives it a name of its own')
  const scenarios = [...plan.scenarios.map((name, index) => ({ name, field: ['scenarios', index] }))]
  plan.include.forEach(({ scenario }, index) => {
    for (const name of listOf(scenario)) scenarios.push({ name, field: ['include', index, 'scenario'] })
  })
  for (const { name, field } of scenarios) tryOut(complain, field, () => loadScenario(pathFrom(folder, name)))
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
