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

interface Touched {
  /** Of a merge: what is as none of its parents has it. */
  readonly paths: readonly string[]
  readonly isMerge: boolean
}

/** @param suspects Paths that the user suspects: as likely as the file cache itself. */
export function weightOf({ paths, isMerge }: Touched, suspects: readonly string[]): number {
  const weights = paths.map((path) =>
    isBelow(path, suspects) ? (tiers[0]?.[1] ?? rest) : weightOfPath(path),
  )
  const weight = Math.max(rest, ...weights)
  return isMerge ? weight * ofMerge : weight
}

function weightOfPath(path: string): number {
  return tiers.find(([pattern]) => pattern.test(path))?.[1] ?? rest
}

function isBelow(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => path === folder || path.startsWith(`${folder.replace(/\/+$/, '')}/`))
}
