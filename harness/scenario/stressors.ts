import { z } from 'zod'
import { stressors as names, type Stressor } from '../../addon/device.js'
import type { Knobs } from '../agent/protocol.js'
import type { PctPlan } from './plan.js'

const knob = z.int().min(0).max(1_000_000_000)
const pace = { threads: knob, gap_us: knob, burst: knob, cpus: knob }
const parties = ['close', 'shrink', 'gc', 'synthetic', 'local', 'lease', 'fsnotify'] as const

const point = z
  .strictObject({
    rate_ppm: z.int().min(0).max(1_000_000),
    mode: z.enum(['spin', 'resched']),
    shape: z.enum(['fixed', 'uniform', 'log-uniform']),
    min_ns: z.int().min(0).max(10_000_000),
    max_ns: z.int().min(0).max(10_000_000),
  })
  .partial({ shape: true, min_ns: true, max_ns: true })

/** What is set before the load: the module's debugfs tree (kmod/knobs.md), with names where it has numbers. */
export const stressorsSchema = z.strictObject({
  close: z
    .strictObject({ ...pace, seek: knob })
    .partial()
    .optional(),
  acquire: z.strictObject({ repeat: knob, every: knob }).partial().optional(),
  shrink: z
    .strictObject({ ...pace, batch: knob, node: knob })
    .partial()
    .optional(),
  gc: z.strictObject(pace).partial().optional(),
  synthetic: z
    .strictObject({ ...pace, hold_us: knob, plain: z.int().min(0).max(1) })
    .partial()
    .optional(),
  local: z
    .strictObject({ ...pace, hold_us: knob })
    .partial()
    .optional(),
  lease: z
    .strictObject({ ...pace, seek: knob })
    .partial()
    .optional(),
  fsnotify: z
    .strictObject({ ...pace, seek: knob })
    .partial()
    .optional(),
  purge: z
    .strictObject({ ...pace, foreign_percent: z.int().min(0).max(100) })
    .partial()
    .optional(),
  rendezvous: z
    .strictObject({
      ...pace,
      span_ns: knob,
      steps: knob,
      first_step: knob,
      last_step: knob,
    })
    .omit({ threads: true, burst: true })
    .partial()
    .extend({ parties: z.array(z.enum(parties)).min(2).max(4) })
    .optional(),
})

export type StressorPlan = z.infer<typeof stressorsSchema>

/** Delays and forced switches, by injection point (the module's `capabilities` file lists those of a kernel). */
export const injectSchema = z
  .strictObject({
    targets_only: z.boolean(),
    budget_us: z.int().min(1).max(1_000_000).describe('of delays in each second'),
    points: z.record(z.string().regex(/^\w+$/), point),
  })
  .partial({ targets_only: true, budget_us: true })

export type InjectPlan = z.infer<typeof injectSchema>

const modes = { spin: 1, resched: 2 } as const
const shapes = { fixed: 0, uniform: 1, 'log-uniform': 2 } as const

/** Folders of the debugfs tree, and the numbers that go into their files. */
export function knobsOf(stressors: StressorPlan, inject: InjectPlan | undefined): Knobs {
  const { rendezvous, ...plain } = stressors
  const knobs: Record<string, Record<string, number>> = {}
  for (const [name, values] of Object.entries(plain)) knobs[name] = { ...(values as Record<string, number>) }
  if (rendezvous !== undefined) knobs['rendezvous'] = rendezvousKnobs(rendezvous)
  if (inject !== undefined) Object.assign(knobs, injectKnobs(inject))
  return knobs
}

/** Strategy pct of `enum fct_strategy` (kmod/fct.h): points with a rate are counted, and nothing else is done there. */
export function withPct(knobs: Knobs, pct: PctPlan): Knobs {
  return { ...knobs, inject: { ...knobs['inject'], strategy: 1, depth: pct.depth, steps: pct.steps } }
}

function rendezvousKnobs({
  parties: chosen,
  ...values
}: NonNullable<StressorPlan['rendezvous']>): Record<string, number> {
  const numbered = chosen.map((name, index) => [`party${String(index)}`, numberOf(name)] as const)
  return { ...(values as Record<string, number>), ...Object.fromEntries(numbered), threads: chosen.length }
}

/** Of `enum fct_stressor_id` (kmod/fct_uapi.h). */
function numberOf(name: Stressor): number {
  return names.indexOf(name)
}

function injectKnobs({
  targets_only,
  budget_us,
  points,
}: InjectPlan): Record<string, Record<string, number>> {
  const common = {
    ...(targets_only === undefined ? {} : { targets_only: Number(targets_only) }),
    ...(budget_us === undefined ? {} : { budget_us }),
  }
  const folders = Object.entries(points).map(([name, { mode, shape, ...values }]) => {
    return [
      `inject/${name}`,
      { ...(values as Record<string, number>), mode: modes[mode], shape: shapes[shape ?? 'fixed'] },
    ] as const
  })
  return { inject: common, ...Object.fromEntries(folders) }
}
