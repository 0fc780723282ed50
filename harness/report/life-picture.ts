import { isStep, type LeftOut, type LifeStep, type ObjectLife } from '../oracle/object-life.js'
import { describeLeftOut, describeLife, taskName, timeOf } from './life-rows.js'
import { markup, raw, type Markup } from './markup.js'

/** With more tasks than these a lane is a CPU: fewer, and still true. */
const mostTasks = 12

/* Pixels. */
const slot = 30
const laneHeight = 30
const labelWidth = 130
const namesHeight = 150
const footHeight = 46

interface Lane {
  readonly name: string
  has(step: LifeStep): boolean
}

/** A part of the life and the middle of its slot. */
interface Placed {
  readonly part: LifeStep | LeftOut
  readonly x: number
}

/**
 * The life as a picture: a lane per task (or CPU), time to the right in equal steps, one per event, with the reference count at
 * each; the broken step is marked from top to bottom. A whole SVG file, which may also stand in HTML.
 */
export function drawLife(life: ObjectLife): Markup {
  const lanes = lanesOf(life)
  const placed = life.parts.map((part, index) => ({ part, x: labelWidth + slot * (index + 0.5) }))
  const width = labelWidth + slot * placed.length + 60
  const lanesEnd = namesHeight + laneHeight * lanes.length
  const height = lanesEnd + footHeight
  return markup`<svg xmlns="http://www.w3.org/2000/svg" class="life" role="img" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
<title>${describeLife(life)}</title>
<style>${raw(style)}</style>
${placed.map((at) => drawBroken(at, height))}
${lanes.map((lane, index) => drawLane(lane, laneY(index), width))}
${drawLists(placed, lanesEnd + 8)}
${drawTimes(placed, height - 8)}
${placed.map((at) => drawPart(at, lanes, lanesEnd))}
</svg>`
}

function lanesOf({ parts }: ObjectLife): Lane[] {
  const steps = parts.filter(isStep)
  const tasks = [...new Set(steps.map(({ pid }) => pid))]
  if (tasks.length <= mostTasks) {
    return tasks.map((pid) => ({
      name: taskName({ pid, comm: steps.find((step) => step.pid === pid)?.comm ?? '' }),
      has: (step) => step.pid === pid,
    }))
  }
  const cpus = [...new Set(steps.map(({ cpu }) => cpu))].sort((a, b) => a - b)
  return cpus.map((cpu) => ({ name: `CPU ${String(cpu)}`, has: (step) => step.cpu === cpu }))
}

function laneY(index: number): number {
  return namesHeight + laneHeight * (index + 0.5)
}

function drawLane({ name }: Lane, y: number, width: number): Markup {
  return markup`<g class="lane"><text x="0" y="${y + 4}">${name}</text>
<line x1="${labelWidth}" y1="${y}" x2="${width}" y2="${y}"/></g>
`
}

function drawBroken({ part, x }: Placed, height: number): Markup | string {
  if (!isStep(part) || !part.isBroken) return ''
  return markup`<rect class="broken" x="${x - slot / 2}" y="0" width="${slot}" height="${height}"/>
`
}

function drawPart({ part, x }: Placed, lanes: readonly Lane[], lanesEnd: number): Markup {
  if (!isStep(part)) {
    const middle = (namesHeight + lanesEnd) / 2
    return markup`<g class="left-out"><line x1="${x}" y1="${namesHeight}" x2="${x}" y2="${lanesEnd}"/>
<text transform="translate(${x + 4} ${namesHeight - 8}) rotate(-60)">${describeLeftOut(part.leftOut)}</text>
<text x="${x}" y="${middle}" text-anchor="middle">...</text></g>
`
  }
  const y = laneY(lanes.findIndex((lane) => lane.has(part)))
  const kind = part.isBroken ? 'step marked' : 'step'
  return markup`<g class="${kind}"><title>${titleOf(part)}</title>
<line x1="${x}" y1="${namesHeight - 4}" x2="${x}" y2="${y}"/>
<text transform="translate(${x + 4} ${namesHeight - 8}) rotate(-60)">${shortName(part.operation)}</text>
<circle cx="${x}" cy="${y}" r="10"/><text class="ref" x="${x}" y="${y + 4}">${shortRef(part.ref)}</text></g>
`
}

function titleOf(step: LifeStep): string {
  const where = `${taskName(step)} on CPU ${String(step.cpu)}`
  return `${step.operation} at ${timeOf(step)}, ${where}, ref ${String(step.ref)}, ${step.flags}`
}

/** What fits into the circle; the title has the number in full. */
function shortRef(ref: number): string {
  return ref < 0 ? 'sat' : ref > 999 ? '...' : String(ref)
}

/** Every name begins in the same way. */
function shortName(operation: string): string {
  return operation.replace(/^nfsd_file_/, '')
}

/** A bar beneath the lanes for as long as the object is on a list. */
function drawLists(placed: readonly Placed[], y: number): Markup[] {
  return runsOf(placed, ({ part }) => (isStep(part) ? part.list : undefined))
    .filter(({ value }) => value === 'LRU' || value === 'dispose')
    .map(({ value, from, to }) => {
      const name = value === 'LRU' ? 'LRU' : 'dispose list'
      const width = to.x - from.x + slot / 2
      return markup`<g class="list ${String(value)}"><rect x="${from.x}" y="${y}" width="${width}" height="12"><title>${name}</title></rect>
<text x="${from.x + 3}" y="${y + 10}">${width > name.length * 6 ? name : ''}</text></g>
`
    })
}

/** Where time has gone on. */
function drawTimes(placed: readonly Placed[], y: number): Markup[] {
  let free = 0
  let last = ''
  return placed.map(({ part, x }) => {
    if (!isStep(part) || timeOf(part) === last || x < free) return markup``
    last = timeOf(part)
    free = x + last.length * 7 + 8
    return markup`<text class="time" x="${x}" y="${y}">${last}</text>
`
  })
}

interface Run<T> {
  readonly value: T
  readonly from: Placed
  readonly to: Placed
}

/** Neighbours of one value, as one. */
function runsOf<T>(placed: readonly Placed[], valueOf: (at: Placed) => T): Run<T>[] {
  const runs: Run<T>[] = []
  for (const at of placed) {
    const value = valueOf(at)
    const last = runs.at(-1)
    if (last?.value === value) runs[runs.length - 1] = { ...last, to: at }
    else runs.push({ value, from: at, to: at })
  }
  return runs
}

/** Of its own, so that the file is readable alone; light or dark as the reader's system is. */
const style = `
svg.life { --ink: #1c1e21; --faint: #c3c7cc; --paper: #ffffff; --bad: #b3202c; --glow: #ffe3e0; --lru: #2f6fb5; --gone: #8a5a00; }
@media (prefers-color-scheme: dark) {
  svg.life { --ink: #e4e6e9; --faint: #4a4f56; --paper: #16181b; --bad: #ff7b72; --glow: #4a2022; --lru: #4f93dc; --gone: #c28a1b; }
}
svg.life { background: var(--paper); font: 12px system-ui, sans-serif; }
.life text { fill: var(--ink); } .life line { stroke: var(--faint); }
.life .step line { stroke-dasharray: 1 3; }
.life circle { fill: var(--paper); stroke: var(--ink); stroke-width: 1.5; }
.life .ref { text-anchor: middle; font-size: 11px; } .life .time { font-size: 11px; opacity: .8; }
.life .broken { fill: var(--glow); }
.life .marked circle { stroke: var(--bad); stroke-width: 3; } .life .marked text { fill: var(--bad); font-weight: bold; }
.life .left-out line { stroke-dasharray: 6 4; } .life .left-out text { font-style: italic; }
.life .LRU rect { fill: var(--lru); } .life .dispose rect { fill: var(--gone); }
.life .list text { fill: #ffffff; font-size: 10px; }
`
