import { resolve } from 'node:path'
import type { KernelRequest } from '../../vms/kernels/kernels.js'
import type { ProfileName } from '../../vms/kernels/profiles.js'
import { readGitRange } from '../bisect/git-history.js'
import { goodEnd } from '../bisect/history.js'
import type { Which } from '../bisect/drive-search.js'
import type { StartEntry } from '../bisect/log-entry.js'
import { buildableAt, type Range } from '../bisect/range.js'
import { revertInTree, type Reverted } from '../bisect/revert.js'
import { readSeriesRange, type SeriesRange } from '../bisect/series-history.js'

/** Where commits come from: what is between the ends, and how one of them is named to a provider of kernels. */
export interface BisectSource {
  readonly range: Range
  readonly notices: readonly string[]
  /** @param revert For the bad end without a commit: what `revert` wrote. */
  requestOf(which: Which, revert: string | null | undefined): Promise<KernelRequest>
  revert(culprit: number): Promise<Reverted>
}

interface SourceOptions {
  readonly source: StartEntry['source']
  readonly suspects: readonly string[]
  readonly profile: ProfileName
  readonly state: string
}

/** @throws What `readGitRange` and `readSeriesRange` throw */
export function openSource(options: SourceOptions, signal: AbortSignal): Promise<BisectSource> {
  const { source } = options
  return source.kind === 'tree' ? openTree(source, options, signal) : openSeries(source, options)
}

type Source<Kind extends string> = Extract<StartEntry['source'], { readonly kind: Kind }>

async function openTree(
  source: Source<'tree'>,
  { suspects, profile, state }: SourceOptions,
  signal: AbortSignal,
): Promise<BisectSource> {
  const { tree } = source
  const { range, notices } = await readGitRange({ ...source, suspects }, signal)
  return {
    range,
    notices,
    requestOf: ({ candidate, isReverted }, patch) => {
      const { id } = buildableAt(range, isReverted ? range.candidates.length - 1 : candidate)
      const patches = isReverted && patch != null ? [patch] : []
      return Promise.resolve({ name: `tree:${tree}@${id}`, patches, profile })
    },
    revert: (culprit) => revertInTree({ tree, range, culprit, into: state }, signal),
  }
}

async function openSeries(
  { series, base }: Source<'series'>,
  { suspects, profile, state }: SourceOptions,
): Promise<BisectSource> {
  const opened: SeriesRange = await readSeriesRange(series, base, suspects, resolve(state, 'series'))
  const { range, folderOf } = opened
  return {
    range,
    notices: [],
    requestOf: async ({ candidate, isReverted }, folder) => {
      const count = isReverted ? range.candidates.length : candidate + 1
      if (!isReverted && candidate === goodEnd) return { name: base, patches: [], profile }
      return { name: base, patches: [folder ?? (await folderOf(count))], profile }
    },
    revert: async (culprit) => ({
      patch: await folderOf(range.candidates.length, culprit),
      reason: undefined,
    }),
  }
}
