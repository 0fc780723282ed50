/** What the test module can do on a kernel, from its `capabilities` file. */
export interface Capabilities {
  /** Name of what is absent, and why. */
  readonly absent: ReadonlyMap<string, string>
  /** Injection points. */
  readonly points: ReadonlySet<string>
}

/** Reads lines such as "gc yes", "local no: symbol nfsd_file_acquire_local not found", "points nfsd_file_put ...". */
export function parseCapabilities(text: string): Capabilities {
  const absent = [...text.matchAll(/^(\w+) no: (.*)$/gm)].map(([, name = '', reason = '']) => {
    return [name, reason] as const
  })
  const points = /^points (.*)$/m.exec(text)?.[1] ?? ''
  return { absent: new Map(absent), points: new Set(points.split(' ')) }
}

/** Whether a folder of the module's debugfs tree is there to be set on this kernel. */
export function hasFolder({ absent, points }: Capabilities, folder: string): boolean {
  const [stressor = '', point] = folder.split('/')
  return !absent.has(stressor) && (point === undefined || points.has(point))
}
