import type { KernelIdentity } from '../verdict/result.js'

/** The kernel under test on one line: release, profile, flavour, and what was built for it and why. */
export function describeKernel({ release, profile, flavour, build }: KernelIdentity): string {
  const kernel = `${release}, ${profile}, file cache ${flavour}`
  return build === null ? kernel : `${kernel}; ${build.kernel}, nfsd ${build.nfsd} (${build.reason})`
}
