import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../harness/folders.js'

/** How closely a kernel watches itself. */
export interface Profile {
  readonly name: ProfileName
  /** Kernel parameters of every guest with this profile. */
  readonly kernelParameters: string
  /** Fragment beside guest.config; undefined where a kernel can be taken as it was packaged. */
  readonly fragment: string | undefined
}

export const profileNames = ['stock', 'bare', 'preempt', 'kasan', 'kcsan'] as const
export type ProfileName = (typeof profileNames)[number]

/** slub_debug: poison, red zones and traces for nfsd_file and nfsd_file_mark objects, with any kernel that has SLUB_DEBUG. */
const profiles: Record<ProfileName, Omit<Profile, 'name'>> = {
  stock: { kernelParameters: 'slub_debug=FZPU,nfsd_file*', fragment: undefined },
  bare: { kernelParameters: '', fragment: undefined },
  // Where the packages' kernel gives way only where it offers to, a forced switch (inject, mode resched) comes too late.
  preempt: { kernelParameters: 'preempt=full', fragment: undefined },
  // One report is no reason to be silent about the next.
  kasan: { kernelParameters: 'kasan_multi_shot', fragment: 'kasan.config' },
  // What nobody asks for is off in a configuration of ours, and KCSAN then waits to be told to begin.
  kcsan: { kernelParameters: 'kcsan.early_enable=1', fragment: 'kcsan.config' },
}

export function findProfile(name: ProfileName): Profile {
  return { name, ...profiles[name] }
}

const configs = join(packageRoot, 'vms', 'kernels', 'configs')

/** Paths of the Kconfig fragments that a kernel of ours is configured with. */
export function configsOf({ fragment }: Profile): string[] {
  const names = ['guest.config', ...(fragment === undefined ? [] : [fragment])]
  return names.map((name) => join(configs, name))
}

/** What the fragments ask for, as an input of recipes. */
export function readConfigs(profile: Profile): string {
  return configsOf(profile)
    .map((path) => readFileSync(path, 'utf8'))
    .join('')
}
