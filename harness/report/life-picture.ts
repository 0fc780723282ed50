import { isStep, type LeftOut, type LifeStep, type ObjectLife } from '../oracle/object-life.js'
import { describeLeftOut, describeLife, taskName, timeOf } from './life-rows.js'
import { markup, raw, type Markup } from './markup.js'

/** With more tasks than these a lane is a CPU: fewer, and still true. */
const mostTasks = 12

/* Pixels. */
const slot = 30
const laneHeight = 30
const labelWidth = 130
const footHeight = 46

/** Where the names end and the lanes begin, where those end, and the size of all. */
interface Layout {
  readonly namesEnd: number
  readonly lanesEnd: number
  readonly width: number
  readonly height: number
}

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
  const layout = layOut(placed, lanes)
  const { width, height } = layout
  return markup`<svg xmlns="http://www.w3.org/2000/svg" class="life" role="img" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
<title>${describeLife(life)}</title>
<style>${raw(style)}</style>
<rect class="paper" width="${width}" height="${height}"/>
${placed.map((at) => drawBroken(at, layout))}
${lanes.map((lane, index) => drawLane(lane, laneY(index, layout), layout))}
${drawLists(placed, layout)}
${drawTimes(placed, layout)}
${placed.map((at) => drawPart(at, lanes, layout))}
</svg>`
}

/** Names stand at 60 degrees: at 12 px a letter takes some 6 px of height. */
function layOut(placed: readonly Placed[], lanes: readonly Lane[]): Layout {
  const longest = Math.max(...placed.map(({ part }) => nameOf(part).length))
  const namesEnd = 24 + 6 * longest
  const lanesEnd = namesEnd + laneHeight * lanes.length
  return { namesEnd, lanesEnd, width: labelWidth + slot * placed.length + 60, height: lanesEnd + footHeight }
}

function nameOf(part: LifeStep | LeftOut): string {
  return isStep(part) ? shortName(part.operation) : describeLeftOut(part.leftOut)
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

function laneY(index: number, { namesEnd }: Layout): number {
  return namesEnd + laneHeight * (index + 0.5)
}

function drawLane({ name }: Lane, y: number, { width }: Layout): Markup {
  return markup`<g class="lane"><text x="4" y="${y + 4}">${name}</text>
<line x1="${labelWidth}" y1="${y}" x2="${width}" y2="${y}"/></g>
`
}

function drawBroken({ part, x }: Placed, { height }: Layout): Markup | string {
  if (!isStep(part) || !part.isBroken) return ''
  return markup`<rect class="broken" x="${x - slot / 2}" y="0" width="${slot}" height="${height}"/>
`
}

function drawPart({ part, x }: Placed, lanes: readonly Lane[], layout: Layout): Markup {
  const { namesEnd, lanesEnd } = layout
  const name = markup`<text transform="translate(${x + 4} ${namesEnd - 8}) rotate(-60)">${nameOf(part)}</text>`
  if (!isStep(part)) {
    return markup`<g class="left-out"><line x1="${x}" y1="${namesEnd}" x2="${x}" y2="${lanesEnd}"/>
${name}</g>
`
  }
  const y = laneY(
    lanes.findIndex((lane) => lane.has(part)),
    layout,
  )
  const kind = part.isBroken ? 'step marked' : 'step'
  return markup`<g class="${kind}"><title>${titleOf(part)}</title>
<line x1="${x}" y1="${namesEnd - 4}" x2="${x}" y2="${y}"/>
${name}
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
function drawLists(placed: readonly Placed[], { lanesEnd }: Layout): Markup[] {
  const y = lanesEnd + 8
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
function drawTimes(placed: readonly Placed[], { height }: Layout): Markup[] {
  let free = 0
  let last = ''
  return placed.map(({ part, x }) => {
    if (!isStep(part) || timeOf(part) === last || x < free) return markup``
    last = timeOf(part)
    free = x + last.length * 7 + 8
    return markup`<text class="time" x="${x}" y="${height - 8}">${last}</text>
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

interface Palette {
  readonly ink: string
  readonly faint: string
  readonly paper: string
  readonly bad: string
  readonly glow: string
  readonly lru: string
  readonly dispose: string
}

const light: Palette = {
  ink: '#1c1e21',
  faint: '#aeb4bb',
  paper: '#ffffff',
  bad: '#b3202c',
  glow: '#ffe3e0',
  lru: '#2f6fb5',
  dispose: '#8a5a00',
}

const dark: Palette = {
  ink: '#e4e6e9',
  faint: '#5a6068',
  paper: '#16181b',
  bad: '#ff7b72',
  glow: '#4a2022',
  lru: '#2f6fb5',
  dispose: '#9a6a10',
}

/** Plain rules instead of variables, which some viewers of SVG do not know. */
function paint({ ink, faint, paper, bad, glow, lru, dispose }: Palette): string {
  return `
.life .paper { fill: ${paper}; }
.life text { fill: ${ink}; } .life line { stroke: ${faint}; }
.life circle { fill: ${paper}; stroke: ${ink}; }
.life .broken { fill: ${glow}; }
.life .marked text { fill: ${bad}; } .life .marked circle { stroke: ${bad}; }
.life .LRU rect { fill: ${lru}; } .life .dispose rect { fill: ${dispose}; } .life .list text { fill: #ffffff; }`
}

/** Of its own, so that the file is readable alone; light or dark as the reader's system is. */
const style = `
.life { font: 12px system-ui, sans-serif; }
.life line { stroke-width: 1; } .life .step line { stroke-dasharray: 1 3; }
.life circle { stroke-width: 1.5; } .life .marked circle { stroke-width: 3; } .life .marked text { font-weight: bold; }
.life .ref { text-anchor: middle; font-size: 11px; } .life .time { font-size: 11px; }
.life .left-out line { stroke-dasharray: 6 4; } .life .left-out text { font-style: italic; }
.life .list text { font-size: 10px; }${paint(light)}
@media screen and (prefers-color-scheme: dark) {${paint(dark)}
}
`
