import { mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import {
  createEventView,
  openTrace,
  type Batch,
  type EventType,
  type EventView,
  type FieldChoice,
} from '../../addon/index.js'
import { packageRoot } from '../../harness/folders.js'
import type { Row } from './row.js'
import type { Bench } from './run-bench.js'
import { measureReaders } from './trace-readers.js'

const events = 3_000_000
const rounds = 5
const sources = join(packageRoot, 'addon', 'src')
const programs = join(packageRoot, 'test', 'bench', 'native')
const formats = join(packageRoot, 'test', 'fixtures', 'raw-pages', 'events')

/** Processor time of all threads, and time on the wall, in seconds; what was read, where that can be compared. */
interface Cost {
  readonly processor: number
  readonly wall: number
  readonly sum?: string | undefined
}

/**
 * What reading a trace costs, against libtraceevent and trace-cmd: one file, one run. Times on the wall mean something
 * on a machine that has nothing else to do. Then what the reader costs in a guest.
 */
export const tracesBench: Bench = {
  name: 'traces',
  needs: { packages: ['trace-cmd', 'libtraceevent-dev', 'zlib1g-dev', 'libzstd-dev'], scratchMiB: 250 },
  async *measure() {
    const scratch = await mkdtemp(join(tmpdir(), 'fct-bench-'))
    try {
      yield* rowsOf(await measureWays(scratch))
    } finally {
      await rm(scratch, { recursive: true })
    }
    yield* await measureReaders()
  },
}

/**
 * Ways to read one trace. `report` and `walk` are others' (trace-cmd, libtraceevent); `visible` has the arrays of each batch, `field`
 * reads one field of a type's events, too, and `look` goes to each row.
 */
type Way =
  'report' | 'walk' | 'nativeTwo' | 'native' | 'visibleTwo' | 'visible' | 'fieldTwo' | 'field' | 'look'

type Costs = Readonly<Record<Way, Cost>>

async function measureWays(scratch: string): Promise<Costs> {
  const trace = join(scratch, 'trace.dat')
  const texts = await listFormats()
  await execa(await compileWriter(scratch), [trace, String(events), ...texts])
  const decode = await compileDecoder(scratch)
  const walk = await compileWalk(scratch)
  const lengths = await describeFormats(texts)
  const pages = await findPages(trace)
  const two = chooseTwo((await openTrace(trace)).types)
  const least = await leastOf({
    walk: () => run(walk, [trace, ...pages], lengths),
    nativeTwo: () => run(decode, [trace, 'two']),
    native: () => run(decode, [trace, 'all']),
    visibleTwo: () => readBatches(trace, two, countOneType),
    visible: () => readBatches(trace, undefined, countOneType),
    fieldTwo: () => readBatches(trace, two, readOneType),
    field: () => readBatches(trace, undefined, readOneType),
    look: () => readBatches(trace, undefined, readAllRows),
  })
  return { ...least, report: await measureReport(trace) }
}

/** Of all rounds the least. */
async function leastOf<W extends string>(
  ways: Readonly<Record<W, () => Promise<Cost>>>,
): Promise<Record<W, Cost>> {
  const costs = Object.keys(ways).map((way) => ({ way: way as W, rounds: [] as Cost[] }))
  // By turns, because the machine's own speed changes more than what is measured.
  for (let round = 0; round < rounds; round++)
    for (const { way, rounds } of costs) rounds.push(await ways[way]())
  checkSums(costs.flatMap(({ rounds }) => rounds))
  return Object.fromEntries(
    costs.map(({ way, rounds }) => {
      const least = (kind: 'processor' | 'wall'): number => Math.min(...rounds.map((cost) => cost[kind]))
      return [way, { processor: least('processor'), wall: least('wall') }]
    }),
  ) as Record<W, Cost>
}

const peerNames = {
  report: 'trace-cmd report',
  walk: "libtraceevent's kbuffer",
  native: 'native',
  nativeTwo: 'native',
} as const

function rowsOf(costs: Costs): Row[] {
  const beside = (what: string, way: Way, peer: keyof typeof peerNames, ratio?: number): Row[] =>
    (['processor', 'wall'] as const).map((kind) => {
      const speed = (of: Way): number => events / costs[of][kind] / 1e6
      return {
        ...{ what: `${what}, ${kind}`, ours: speed(way), unit: 'M/s', better: 'more' },
        ...{ peer: { name: peerNames[peer], value: speed(peer) }, ...(ratio && { bar: { ratio } }) },
      }
    })
  // A batch may take twice as long as native decode alone.
  return [
    ...beside('native decode, all fields, by time', 'native', 'report', 100),
    ...beside('native decode, two fields of each event, by time', 'nativeTwo', 'walk', 5),
    ...beside('batches in JavaScript, all fields', 'visible', 'native', 0.5),
    ...beside('batches in JavaScript, two fields', 'visibleTwo', 'nativeTwo', 0.5),
    ...beside('the same, all fields, and a field read of 1 in 9 events', 'field', 'native', 0.5),
    ...beside('the same, two fields, and a field read of 1 in 9 events', 'fieldTwo', 'nativeTwo', 0.5),
    ...beside('batches, all fields, and a look at each row', 'look', 'report'),
  ]
}

/** So that nobody leaves out what the others read. */
function checkSums(costs: readonly Cost[]): void {
  const sums = new Set(costs.flatMap(({ sum }) => sum ?? []))
  if (sums.size !== 1) throw new Error(`the readers do not agree: ${[...sums].join(' ')}`)
}

/** The first and the last field of each event, as kbuffer_walk.c reads them. */
function chooseTwo(types: readonly EventType[]): FieldChoice {
  return Object.fromEntries(
    types.map(({ system, name, fields }) => [
      `${system}:${name}`,
      [fields[0], fields.at(-1)].flatMap((field) => field?.name ?? []),
    ]),
  )
}

/** Format files of nfsd's tracepoints and of our own, from a real kernel. */
async function listFormats(): Promise<string[]> {
  const entries = await readdir(formats, { recursive: true, withFileTypes: true })
  const paths = entries.map(({ parentPath, name }) => join(parentPath, name))
  return paths.filter((path) => path.endsWith('/format')).sort()
}

/** As kbuffer_walk.c reads them: each with its length in a line before it. */
async function describeFormats(paths: readonly string[]): Promise<string> {
  const texts = await Promise.all(paths.map((path) => readFile(path, 'utf8')))
  return texts.map((text) => `${Buffer.byteLength(text)}\n${text}`).join('')
}

/** The pure parts of the addon, as it is compiled itself. */
async function compile(scratch: string, name: string, more: readonly string[]): Promise<string> {
  const decoder = (await readdir(sources)).filter((file) => /^trace_decode.*\.cc$/.test(file))
  const parts = [...decoder, ...more].map((file) => join(sources, file))
  const includes = [sources, join(packageRoot, 'test', 'addon')].map((folder) => `-I${folder}`)
  const program = join(scratch, name)
  const source = join(programs, `${name}.cc`)
  await execa('g++', ['-std=c++17', '-O3', ...includes, source, ...parts, '-lz', '-lzstd', '-o', program])
  return program
}

const compileWriter = (scratch: string): Promise<string> => compile(scratch, 'write_trace', [])

const compileDecoder = (scratch: string): Promise<string> =>
  compile(scratch, 'decode_trace', ['file_source.cc', 'unique_fd.cc', 'errno_error.cc'])

async function compileWalk(scratch: string): Promise<string> {
  const program = join(scratch, 'kbuffer_walk')
  const include = '-I/usr/include/traceevent'
  const source = join(programs, 'kbuffer_walk.c')
  await execa('gcc', ['-O3', include, source, '-ltraceevent', '-o', program])
  return program
}

/** Runs a program that prints how many events it has seen, the seconds, and the sum of the two fields. */
async function run(program: string, args: readonly string[], input = ''): Promise<Cost> {
  const { stdout } = await execa(program, args, { input })
  const [seen, processor, wall, sum] = stdout.split(' ')
  if (Number(seen) !== events) throw new Error(`${program} saw ${stdout} instead of ${events} events`)
  return { processor: Number(processor), wall: Number(wall), sum }
}

/** Offset and size of each CPU's pages, from the table behind "flyrecord". */
async function findPages(trace: string): Promise<string[]> {
  const file = await open(trace)
  try {
    const { buffer } = await file.read(Buffer.alloc(1 << 20), 0, 1 << 20, 0)
    const table = buffer.indexOf('flyrecord\0') + 'flyrecord\0'.length
    return Array.from({ length: 4 }, (_, word) => String(buffer.readBigUInt64LE(table + word * 8)))
  } finally {
    await file.close()
  }
}

const fctFile = { event: 'test:fct_file', fields: { may: 'u8' } } as const

type FctFile = EventView<typeof fctFile.fields>

/** How many events of a type there are. */
function countOneType(view: FctFile, batch: Batch): number {
  return batch.columns[view.type]?.['may']?.length ?? 0
}

/** One field of all events of a type, one behind the other. */
function readOneType(view: FctFile, batch: Batch): number {
  const length = batch.columns[view.type]?.['may']?.length ?? 0
  let sum = 0
  for (let index = 0; index < length; index++) {
    view.moveTo(index)
    sum += view.may
  }
  return sum
}

/** The same events, found by going over those of all types in their order. */
function readAllRows(view: FctFile, { rows: { count, type, index } }: Batch): number {
  let sum = 0
  for (let row = 0; row < count; row++) {
    if (type[row] !== view.type) continue
    view.moveTo(index[row] ?? 0)
    sum += view.may
  }
  return sum
}

/** Native decode included. */
async function readBatches(
  path: string,
  columns: FieldChoice | undefined,
  read: (view: FctFile, batch: Batch) => number,
): Promise<Cost> {
  const began = process.cpuUsage()
  const beganWall = performance.now()
  const trace = await openTrace(path, { columns })
  const view = createEventView(trace.types, fctFile)
  if (view === undefined) throw new Error('the trace has no fct_file')
  let seen = 0
  let sum = 0
  for await (const batch of trace) {
    view.enter(batch)
    sum += read(view, batch)
    seen += batch.rows.count
  }
  if (seen !== events || sum === 0) throw new Error(`read ${seen} events, sum ${sum}`)
  const { user, system } = process.cpuUsage(began)
  return { processor: (user + system) / 1e6, wall: (performance.now() - beganWall) / 1e3 }
}

/** Once: it takes the longest by far. */
async function measureReport(trace: string): Promise<Cost> {
  const script = 'TIMEFORMAT="%U %S %R"; time trace-cmd report "$0" > /dev/null 2> /dev/null'
  const { stderr } = await execa('bash', ['-c', script, trace])
  const [user = NaN, system = NaN, wall = NaN] = stderr.split(' ').map(Number)
  return { processor: user + system, wall }
}
