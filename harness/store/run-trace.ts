import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { readTrace, readTraceParts, type ReadTraceOptions, type Trace } from '../../addon/index.js'
import type { TraceMetadata } from '../agent/protocol.js'
import { openTraceSource, sourceOf, type TraceSource } from '../decode/trace-source.js'
import { FctError } from '../fct-error.js'
import { layOutTraceDat } from './trace-dat.js'

/*
 * The trace in a run folder. While the run goes on, and after one that was killed, it is in parts: trace-head.json, which is
 * written before the first page, and a file of raw pages per CPU. At a regular end trace.dat takes their place.
 */

export const traceDatName = 'trace.dat'
const headName = 'trace-head.json'

const headSchema = z.object({
  headerPage: z.string(),
  headerEvent: z.string(),
  clock: z.string(),
  formats: z.array(z.object({ system: z.string(), name: z.string(), text: z.string() })),
  cpus: z.int().min(1).max(65_535),
  pageSize: z
    .int()
    .min(64)
    .max(1 << 26),
}) satisfies z.ZodType<TraceMetadata>

export function pagesPath(folder: string, cpu: number): string {
  return join(folder, `cpu${String(cpu)}.pages`)
}

/** By CPU; a file that is not there holds nothing. */
export function spoolsOf(folder: string, { cpus }: TraceMetadata): string[] {
  return Array.from({ length: cpus }, (_, cpu) => pagesPath(folder, cpu))
}

export async function writeTraceHead(folder: string, metadata: TraceMetadata): Promise<void> {
  await writeFile(join(folder, headName), JSON.stringify(metadata))
}

export async function removeParts(folder: string, metadata: TraceMetadata): Promise<void> {
  for (const path of [...spoolsOf(folder, metadata), join(folder, headName)]) await rm(path, { force: true })
}

/**
 * The trace of a run folder, whatever became of the run: trace.dat, or what had been written up to now. Nothing in the folder is
 * changed, so that a run that still goes on may be looked at.
 *
 * @throws FctError FCT_TRACE_NOT_FOUND, FCT_TRACE_HEAD_INVALID; as readTrace
 */
export async function readRunTrace(folder: string): Promise<Trace> {
  const whole = join(folder, traceDatName)
  if (await exists(whole)) return readTrace(whole)
  try {
    return await readParts(folder)
  } catch (error) {
    // The run may have come to its end meanwhile.
    if (await exists(whole)) return readTrace(whole)
    throw error
  }
}

async function readParts(folder: string): Promise<Trace> {
  const metadata = await readTraceHead(folder)
  const spools = spoolsOf(folder, metadata)
  const { head, pages } = await layOutTraceDat({ metadata, cmdlines: '', spools })
  return readTraceParts(head, pages)
}

/** The trace of a trace.dat or of a run folder. */
export async function openTrace(path: string, options: ReadTraceOptions = {}): Promise<Trace> {
  const isFolder = (await stat(path)).isDirectory()
  return isFolder ? readRunTrace(path) : readTrace(path, options)
}

/** The same, to be read batch by batch; what has not been put together yet is read at once. */
export async function openSource(path: string, options: ReadTraceOptions = {}): Promise<TraceSource> {
  if (!(await stat(path)).isDirectory()) return openTraceSource(path, options)
  const whole = join(path, traceDatName)
  return (await exists(whole)) ? openTraceSource(whole) : sourceOf(await readRunTrace(path))
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}

async function readTraceHead(folder: string): Promise<TraceMetadata> {
  const path = join(folder, headName)
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw new FctError('FCT_TRACE_NOT_FOUND', `there is neither ${traceDatName} nor ${headName} in ${folder}`)
  })
  try {
    return headSchema.parse(JSON.parse(text))
  } catch (error) {
    throw new FctError('FCT_TRACE_HEAD_INVALID', `${path} cannot be read`, String(error), { cause: error })
  }
}
