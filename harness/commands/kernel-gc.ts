import { collectGarbage, type GcReport } from '../../vms/cache-gc.js'
import type { CacheEntry } from '../../vms/cache-entries.js'
import { exitStatus } from './exit-status.js'
import { formatSize } from './parse-size.js'

export interface KernelGcOptions {
  /** Bytes. */
  readonly limit: number
  readonly dryRun?: boolean
  readonly json?: boolean
}

/** Bounds the cache, and says what went. */
export async function kernelGcCommand({
  limit,
  dryRun = false,
  json = false,
}: KernelGcOptions): Promise<number> {
  const report = await collectGarbage({ limitBytes: limit, isDryRun: dryRun })
  process.stdout.write(json ? toJson(report) : format(report, dryRun))
  return exitStatus.pass
}

function format({ bytesBefore, bytesAfter, removed, inUse }: GcReport, isDryRun: boolean): string {
  const line = (verb: string) => (entry: CacheEntry) =>
    `${verb} ${entry.kind}: ${entry.title} (${formatSize(entry.bytes)})`
  return [
    ...removed.map(line(isDryRun ? 'would remove' : 'removed')),
    ...inUse.map(line('in use, kept')),
    `${formatSize(bytesBefore)} before, ${formatSize(bytesAfter)} after`,
    '',
  ].join('\n')
}

function toJson({ bytesBefore, bytesAfter, removed, inUse }: GcReport): string {
  const describe = ({ kind, hash, title, bytes, lastUse }: CacheEntry): object => ({
    kind,
    hash,
    title,
    bytes,
    lastUse,
  })
  const document = {
    schema: 1,
    bytesBefore,
    bytesAfter,
    removed: removed.map(describe),
    inUse: inUse.map(describe),
  }
  return JSON.stringify(document, null, 2) + '\n'
}
