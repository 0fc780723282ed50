import { resolve } from 'node:path'
import type { KernelRequest } from '../../vms/kernels/kernels.js'
import { loadScenario } from '../scenario/scenario.js'
import { cellKey, type Cell } from '../store/history-records.js'
import type { PlanDocument, Which } from './plan.js'

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

type KernelEntry = PlanDocument['kernels'][number]
interface Draft {
  readonly cell: Cell
  readonly kernel: KernelEntry
  readonly seeds: number | undefined
  readonly time: number | undefined
}

export function cellsOf(plan: PlanDocument, folder: string): PlannedCell[] {
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

export function matrixOf(plan: PlanDocument): Draft[] {
  return product(plan, { scenarios: plan.scenarios, profiles: plan.profiles, targets: plan.targets })
}

export function includedBy(entry: PlanDocument['include'][number], plan: PlanDocument): Draft[] {
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

export function labelOf(kernel: KernelEntry): string {
  return typeof kernel === 'string' ? kernel : (kernel.as ?? kernel.kernel)
}

export function isMeant(cell: Cell, entry: Which): boolean {
  return (['kernel', 'profile', 'scenario', 'target'] as const).every((field) => {
    const wanted = entry[field]
    return wanted === undefined || listOf<string>(wanted).includes(cell[field])
  })
}

export function listOf<T>(value: T | readonly T[]): readonly T[] {
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
export function pathFrom(folder: string, scenario: string): string {
  return /[/.]/.test(scenario) ? resolve(folder, scenario) : scenario
}
