import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../folders.js'
import type { Connection } from './connection.js'

/** What was found of a machine that is not ours. Memory in MiB, disk in KiB. */
export interface MachineProbe {
  readonly arch: string
  /** uname -r */
  readonly release: string
  readonly isRoot: boolean
  readonly cpus: number
  readonly memoryMiB: number
  readonly commandLine: string
  /** `none`, `integrity` or `confidentiality`; empty if the kernel has no lockdown. */
  readonly lockdown: string
  readonly requiresSignatures: boolean
  /** Indirect branch tracking is on: a call of a sealed function would end the kernel. */
  readonly hasIbt: boolean
  readonly canBuild: boolean
  /** It can tell the layout of nfsd's structures by itself. */
  readonly knowsLayout: boolean
  readonly hasTracing: boolean
  readonly hasNfsd: boolean
  /** v20.19.0; empty if there is none. */
  readonly node: string
  /** Programs that are missing. */
  readonly lacks: readonly string[]
  /** nfsd's threads, exports and NFS mounts of somebody else. */
  readonly inUse: { readonly threads: number; readonly exports: number; readonly mounts: number }
  readonly freeKiB: number
  /** It boots by itself after a panic. */
  readonly bootsItself: boolean
  /** fctorture.ko is loaded: somebody else's run. */
  readonly isTortured: boolean
  /** Hashes of the kernel's build notes and of its nfsd.ko. */
  readonly identity: { readonly kernel: string; readonly nfsd: string }
}

/** Text of a script for the far side. */
export function farSide(
  name: 'probe' | 'settle' | 'clean-up' | 'netconsole' | 'pstore' | 'deploy' | 'boot-entry',
): string {
  return readFileSync(join(packageRoot, 'harness', 'target', 'ssh', 'far-side', `${name}.sh`), 'utf8')
}

export async function probeMachine(connection: Connection): Promise<MachineProbe> {
  return parseProbe(await connection.run('exec sh -s', farSide('probe')))
}

export function parseProbe(text: string): MachineProbe {
  const pairs = text.split('\n').flatMap((line) => {
    const [name, ...value] = line.split('\t')
    return name === undefined || value.length === 0 ? [] : [[name, value.join('\t')] as const]
  })
  const said = new Map(pairs)
  const get = (name: string): string => said.get(name) ?? ''
  const number = (name: string): number => Number(get(name)) || 0
  return {
    arch: get('arch'),
    release: get('release'),
    isRoot: get('user') === '0',
    cpus: number('cpus'),
    memoryMiB: Math.round(number('memoryKiB') / 1024),
    commandLine: get('commandLine'),
    lockdown: get('lockdown'),
    requiresSignatures: get('moduleSignatures') === 'Y',
    hasIbt: get('ibt') === 'yes',
    canBuild: get('headers') === 'yes' && get('compiler') === 'yes',
    knowsLayout: get('btf') === 'yes' && get('pahole') === 'yes',
    hasTracing: get('tracefs') === 'yes' && get('debugfs') === 'yes',
    hasNfsd: get('nfsd') === 'yes',
    node: get('node'),
    lacks: pairs.filter(([name]) => name === 'lacks').map(([, value]) => value),
    inUse: { threads: number('nfsdThreads'), exports: number('exports'), mounts: number('nfsMounts') },
    freeKiB: number('freeKiB'),
    bootsItself: number('panic') !== 0,
    isTortured: get('fctorture') === 'yes',
    identity: { kernel: get('kernelNotes'), nfsd: get('nfsdFile') },
  }
}
