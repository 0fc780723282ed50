import { listKernels, type CachedThing, type KernelList } from '../../vms/kernels/list-kernels.js'
import { exitStatus } from './exit-status.js'
import { formatSize } from './parse-size.js'
import { formatTable } from '../report/text-table.js'

/** Prints the catalogue and what is cached. */
export async function kernelListCommand(options: { readonly json?: boolean }): Promise<number> {
  const list = await listKernels()
  const text = options.json === true ? JSON.stringify({ schema: 1, ...list }, null, 2) + '\n' : format(list)
  process.stdout.write(text)
  return exitStatus.pass
}

function format({ catalogue, cached }: KernelList): string {
  const kernels = catalogue.map(({ name, suite, release, flavour, bytes, lastUse }) => [
    name,
    suite,
    release ?? 'not cached',
    flavour ?? '-',
    release === null ? '-' : formatSize(bytes),
    formatDay(lastUse),
  ])
  const head = ['kernel', 'suite', 'release', 'file cache', 'size', 'last use']
  const built = cached.filter(({ kind }) => kind === 'kernel' || kind === 'nfsd').map(rowOfBuilt)
  const rest = cached.filter(({ kind }) => kind !== 'kernel' && kind !== 'nfsd')
  return [
    formatTable([head, ...kernels]),
    ...(built.length === 0 ? [] : ['', formatTable([['built here', 'hash', 'size', 'last use'], ...built])]),
    `\nBeside these: ${sumByKind(rest)}\n`,
  ].join('\n')
}

function rowOfBuilt({ title, hash, bytes, lastUse }: CachedThing): string[] {
  return [title, hash, formatSize(bytes), formatDay(lastUse)]
}

/** "5 modules 1.3 GiB, 1 rootfs 281.1 MiB" */
function sumByKind(things: readonly CachedThing[]): string {
  const kinds = [...new Set(things.map(({ kind }) => kind))].sort()
  const sums = kinds.map((kind) => {
    const those = things.filter((thing) => thing.kind === kind)
    return `${those.length} ${kind} ${formatSize(those.reduce((sum, { bytes }) => sum + bytes, 0))}`
  })
  return sums.length === 0 ? 'nothing' : sums.join(', ')
}

function formatDay(time: string | null): string {
  return time === null ? '-' : time.slice(0, 16).replace('T', ' ')
}
