/** How likely a commit is the culprit beforehand, by what it touches; relative. The first that fits counts. */
const tiers: readonly (readonly [RegExp, number])[] = [
  [/^fs\/nfsd\/(filecache\.[ch]|trace\.h)$/, 100],
  [/^fs\/nfsd\//, 20],
  [/^(net\/sunrpc|fs\/lockd|fs\/nfs_common|fs\/notify|include\/linux\/(sunrpc|lockd))\//, 4],
  [/^(fs|mm|lib|kernel|include)\//, 2],
]
const rest = 1

/** Conflicts are resolved in few merges, and wrongly in fewer. */
const ofMerge = 0.1

/**
 * What fs/nfsd (and what the user suspects) has at least, however long the range is: all bugs of the catalogue of regressions
 * were brought and mended there, and mainline has a hundred commits elsewhere for one in it.
 */
const leastShare = 0.9
const suspected = tiers[0]?.[1] ?? rest
const near = tiers[1]?.[1] ?? rest

export interface Touched {
  /** Of a merge: what is as none of its parents has it. */
  readonly paths: readonly string[]
  readonly isMerge: boolean
}

/**
 * Prior weights of all commits of a range, > 0.
 *
 * @param suspects Paths that the user suspects: as likely as the file cache itself.
 */
export function weigh(commits: readonly Touched[], suspects: readonly string[]): number[] {
  const levels = commits.map(({ paths }) => levelOf(paths, suspects))
  const weights = commits.map(({ isMerge }, index) => (levels[index] ?? rest) * (isMerge ? ofMerge : 1))
  let [nearSum, farSum] = [0, 0]
  weights.forEach((weight, index) => {
    if ((levels[index] ?? rest) >= near) nearSum += weight
    else farSum += weight
  })
  if (nearSum === 0) return weights
  const factor = Math.max(1, ((leastShare / (1 - leastShare)) * farSum) / nearSum)
  return weights.map((weight, index) => ((levels[index] ?? rest) >= near ? weight * factor : weight))
}

function levelOf(paths: readonly string[], suspects: readonly string[]): number {
  return Math.max(rest, ...paths.map((path) => (isBelow(path, suspects) ? suspected : weightOfPath(path))))
}

function weightOfPath(path: string): number {
  return tiers.find(([pattern]) => pattern.test(path))?.[1] ?? rest
}

function isBelow(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => path === folder || path.startsWith(`${folder.replace(/\/+$/, '')}/`))
}
