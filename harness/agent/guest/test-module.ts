import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readDebugfs, writeDebugfs } from '../../../addon/index.js'
import { FctError } from '../../fct-error.js'
import { hasFolder, parseCapabilities } from '../capabilities.js'
import type { Knobs, NfsdIdentity, PrepareParams } from '../protocol.js'
import { command } from './command.js'
import { testModule } from './under-test.js'

/** A kernel without type information, built from a source that is not at hand, keeps its layout to itself. */
const nfsdTypes = '/sys/kernel/btf/nfsd'
const debugfs = '/sys/kernel/debug/fctorture'

/** Fields of struct nfsd_file that the module uses; their offsets differ from kernel to kernel. */
const fields = ['nf_inode', 'nf_file', 'nf_flags', 'nf_ref', 'nf_may', 'nf_lru']
/** And of struct svc_fh, for requests that it repeats. */
const handleFields = ['fh_dentry', 'fh_export']

/** Useful acquires per misdeed of a busted module: soon enough for a short run, late enough that events were shipped before. */
const bustedEvery = 100

/**
 * Loads fctorture.ko, with further parameters if wished; one that was not built with it is told where nfsd of this very
 * kernel keeps its fields.
 */
export async function loadModule(
  { busted, knowsLayout }: Pick<PrepareParams, 'busted' | 'knowsLayout'>,
  further: readonly string[] = [],
): Promise<void> {
  const parameters = [...(knowsLayout ? [] : await layoutParameters()), ...further]
  if (busted !== '') parameters.push(`busted=${busted}`, `busted_every=${String(bustedEvery)}`)
  await insertModule(parameters)
}

/** Parameters of fctorture.ko that tell it the layout of this kernel's nfsd; none where nobody knows it. */
export async function layoutParameters(): Promise<string[]> {
  if (!existsSync(nfsdTypes)) return []
  const offsets = parseOffsets(await readLayout('nfsd_file'))
  const svcFh = await readLayout('svc_fh')
  const handle = parseOffsets(svcFh)
  const flags = await readFile('/sys/kernel/tracing/events/nfsd/nfsd_file_put/format', 'utf8')
  return [
    ...fields.map((field) => `off_${field}=${String(offsets.get(field) ?? -1)}`),
    ...handleFields.map((field) => `off_${field}=${String(handle.get(field) ?? -1)}`),
    `size_svc_fh=${String(parseSize(svcFh) ?? -1)}`,
    `bit_gc=${String(findFlagBit(flags, 'GC') ?? -1)}`,
  ]
}

async function insertModule(parameters: readonly string[]): Promise<void> {
  try {
    await command('FCT_MODULE_LOAD', 'insmod', testModule, ...parameters)
  } catch (error) {
    const reason = error instanceof FctError ? error.detail : ''
    const dmesg = (await command('FCT_MODULE_LOAD', 'dmesg')).split('\n').slice(-15).join('\n')
    throw new FctError('FCT_MODULE_LOAD', 'the kernel refuses fctorture.ko', `${reason}\n${dmesg}`.trim(), {
      cause: error,
    })
  }
}

/** nfsd's own type information; pahole prints each member with its offset. */
async function readLayout(struct: string): Promise<string> {
  return command(
    'FCT_MODULE_LAYOUT',
    'pahole',
    '--btf_base',
    '/sys/kernel/btf/vmlinux',
    '-C',
    struct,
    nfsdTypes,
  )
}

/** Byte offsets from lines such as "refcount_t nf_ref; &#47;* 64 4 *&#47;". */
export function parseOffsets(layout: string): Map<string, number> {
  const members = layout.matchAll(/(\w+);\s*\/\*\s*(\d+)\s+\d+ \*\//g)
  return new Map([...members].map(([, name, offset]) => [name ?? '', Number(offset)]))
}

/** The size of the whole struct, in bytes, from the line "&#47;* size: 368, cachelines: 6, members: 17 *&#47;". */
export function parseSize(layout: string): number | undefined {
  const size = /\/\* size: (\d+),/.exec(layout)?.[1]
  return size === undefined ? undefined : Number(size)
}

/** The bit number of a flag in an event's flag table, "{ 1 << (3), "GC" }" in every kernel since 6.0. */
export function findFlagBit(format: string, flag: string): number | undefined {
  const bit = new RegExp(String.raw`\{\s*\(?1(?:UL)?\s*<<\s*\(?(\d+)\)*,\s*"${flag}"\s*\}`).exec(format)?.[1]
  return bit === undefined ? undefined : Number(bit)
}

/** Sets what is there on this kernel; the host knows from the capabilities what is not. */
export function setKnobs(knobs: Knobs): void {
  const capabilities = parseCapabilities(readCapabilities())
  for (const [folder, values] of Object.entries(knobs)) {
    if (!hasFolder(capabilities, folder)) continue
    for (const [knob, value] of Object.entries(values))
      writeDebugfs(join(debugfs, folder, knob), String(value))
  }
}

export function readCapabilities(): string {
  return readDebugfs(join(debugfs, 'capabilities'))
}

export async function removeModule(): Promise<void> {
  await command('FCT_MODULE_UNLOAD', 'rmmod', 'fctorture')
}

/** Tells one nfsd.ko from another. */
export async function identifyNfsd(): Promise<NfsdIdentity> {
  const srcversion = await readFile('/sys/module/nfsd/srcversion', 'utf8').catch(() => '')
  const note = await readFile('/sys/module/nfsd/notes/.note.gnu.build-id').catch(() => Buffer.alloc(0))
  // An ELF note: three words, the name "GNU\0", then the hash.
  const buildId = note.subarray(16).toString('hex')
  return { srcversion: srcversion.trim() || null, buildId: buildId || null }
}
