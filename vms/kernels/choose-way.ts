import { FctError } from '../../harness/fct-error.js'
import { findOutsideNfsd } from '../patches/only-nfsd.js'
import type { PatchSet } from '../patches/patch.js'
import type { KernelName } from './kernel-name.js'
import type { Profile } from './profiles.js'

/** What has to be built. */
export interface Way {
  /** Where the kernel comes from: as Debian packaged it, as the user built it, or built whole by us. */
  readonly kernel: 'package' | 'image' | 'full build'
  /** Whether nfsd.ko is the kernel's own. */
  readonly nfsd: 'as built' | 'rebuilt alone'
  /** Why it is so, for people. */
  readonly reason: string
}

interface Wish {
  readonly provider: KernelName['provider']
  readonly profile: Profile
  readonly patches: PatchSet
}

/**
 * Decides what has to be built: the cheapest that does what was asked for.
 *
 * @throws FctError FCT_KERNEL_NO_SOURCE when an image would have to be built anew
 */
export function chooseWay(wish: Wish): Way {
  const whole = reasonForWhole(wish)
  if (wish.provider === 'image' && whole !== undefined) {
    throw new FctError('FCT_KERNEL_NO_SOURCE', `an image cannot be built anew: ${whole}`, adviceForImages)
  }
  const packaged = wish.provider === 'image' ? 'image' : 'package'
  const [nfsd, reason] = judgeNfsd(wish)
  return {
    kernel: whole === undefined ? packaged : 'full build',
    nfsd,
    reason: whole === undefined ? reason : `${whole}; ${reason}`,
  }
}

const adviceForImages = 'Name the tree that it was built from: tree:PATH'

function reasonForWhole({ provider, profile, patches }: Wish): string | undefined {
  const outside = findOutsideNfsd(patches)
  if (outside !== undefined) return `the patches touch ${outside}`
  if (provider === 'tree') return 'a git tree has no packages'
  if (profile.fragment !== undefined) return `profile ${profile.name} has a configuration of its own`
  return undefined
}

function judgeNfsd({ provider, patches }: Wish): [Way['nfsd'], string] {
  if (findOutsideNfsd(patches) !== undefined) return ['as built', 'nfsd is built with it']
  if (patches.patches.length > 0) return ['rebuilt alone', 'the patches touch fs/nfsd only']
  if (provider !== 'tree') return ['as built', 'there are no patches']
  return ['rebuilt alone', 'trees that differ in fs/nfsd only share the rest']
}
