import type { BuildContext } from '../cache.js'
import type { ToolchainSpec } from '../toolchain.js'

/** A kernel on this machine's disk, ready to boot and to build modules for. */
export interface Kernel {
  /** As the user named it: `debian:6.1`. */
  readonly name: string
  /** `uname -r`. */
  readonly release: string
  /** Hash of all that makes this kernel what it is. */
  readonly hash: string
  /** Debian packages with versions, as they were unpacked; a git commit; or a file's hash. */
  readonly packages: readonly string[]
  readonly image: string
  /** The `/lib/modules/RELEASE` folder, with modules.dep. */
  readonly modules: string
  /** What `make -C` takes to build a module. */
  readonly headers: string
  readonly config: string
  readonly toolchain: ToolchainSpec
  /** What it was built from; undefined if that is not known. */
  readonly source: KernelSource | undefined
}

/** A kernel's source tree, wherever it is kept. */
export interface KernelSource {
  /** Hash of what is in it. */
  readonly hash: string
  /** For people: `linux-source-6.1=6.1.192-2`. */
  readonly title: string
  /** Writes files and folders of the tree into `into`, under their own paths; paths that the tree lacks are left out. */
  exportPaths(paths: readonly string[], into: string, context: BuildContext): Promise<void>
  /** Writes the whole tree. */
  exportAll(into: string, context: BuildContext): Promise<void>
}
