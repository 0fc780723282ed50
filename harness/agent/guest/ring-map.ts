import { existsSync } from 'node:fs'
import { messageOf } from '../../fct-error.js'
import type { NoRingMap, RingMap } from '../protocol.js'
import { command } from './command.js'
import { parseOffsets } from './test-module.js'
import { instanceName } from './tracing-instance.js'

const kernelTypes = '/sys/kernel/btf/vmlinux'

/** What is read of the kernel's memory; its own types say where it stands. */
const members: Readonly<Record<string, readonly string[]>> = {
  trace_array: ['list', 'name', 'array_buffer'],
  array_buffer: ['buffer'],
  trace_buffer: ['buffers'],
  ring_buffer_per_cpu: [
    ...['head_page', 'commit_page', 'reader_page'],
    ...['lost_events', 'last_overrun', 'overrun', 'read', 'read_stamp'],
  ],
  buffer_page: ['list', 'read', 'page'],
  buffer_data_page: ['time_stamp', 'commit'],
}

/**
 * Where this kernel keeps the ring buffers of our tracing instance. A kernel that was built without CONFIG_DEBUG_INFO_BTF or
 * CONFIG_KALLSYMS_ALL does not tell.
 */
export async function readRingMap(): Promise<RingMap | NoRingMap> {
  if (!existsSync(kernelTypes)) return { reason: 'the kernel was built without CONFIG_DEBUG_INFO_BTF' }
  try {
    const layout = await command('FCT_RING_LAYOUT', 'pahole', '-C', Object.keys(members).join(), kernelTypes)
    const symbol = await command('FCT_RING_SYMBOL', 'grep', '-m1', ' ftrace_trace_arrays$', '/proc/kallsyms')
    const [instances = ''] = symbol.split(' ')
    return { instance: instanceName, instances, offsets: offsetsIn(layout) }
  } catch (error) {
    return { reason: messageOf(error) }
  }
}

/**
 * @param layout What pahole prints of all these structures.
 * @returns by `struct.member`
 * @throws Error that names the members which this kernel does not have
 */
export function offsetsIn(layout: string): Record<string, number> {
  const blocks = new Map(
    [...layout.matchAll(/^struct (\w+) \{\n(.*?)^\}/gms)].map(([, name, body]) => [name, body]),
  )
  const found = Object.entries(members).flatMap(([struct, names]) => {
    const offsets = parseOffsets(blocks.get(struct) ?? '')
    return names.map((name) => [`${struct}.${name}`, offsets.get(name)] as const)
  })
  const lacking = found.filter(([, offset]) => offset === undefined).map(([name]) => name)
  if (lacking.length > 0) throw new Error(`the kernel's types have no ${lacking.join(', ')}`)
  return Object.fromEntries(found) as Record<string, number>
}
