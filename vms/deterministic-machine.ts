import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { readGrowing } from './growing-file.js'
import {
  emulatedCpu,
  memoryArguments,
  startEmulator,
  type Emulator,
  type GuestMemory,
  type MachineSpec,
} from './qemu.js'

/** A machine that does the same at every start. It has no disk; its root file system comes with its initramfs. */
export interface DeterministicSpec extends Pick<
  MachineSpec,
  'kernel' | 'initramfs' | 'commandLine' | 'memoryMiB' | 'ports'
> {
  readonly memory: GuestMemory
  /** What the guest finds in QEMU's configuration device as `scriptName`: at most `scriptBytes`, in UTF-8. */
  readonly script: string
  /** QEMU's record of what happened when: written, or followed. */
  readonly recording?: Recording | undefined
  /** A Unix socket, at which gdb finds the machine. */
  readonly gdb?: string | undefined
}

/** With the same start it is all that decides what a machine does, whoever looks at it meanwhile. */
export interface Recording {
  readonly path: string
  readonly use: 'record' | 'replay'
}

/** Nothing can be said to it: a byte that comes when it likes would be the end of determinism. */
export interface DeterministicMachine extends Emulator {
  readonly console: Readable
  /** What the guest writes to a virtio-serial port. */
  output(name: string): Readable
  /** Resolves when the guest has stopped the machine, at an instant that is always the same. */
  readonly stopped: Promise<void>
}

/** An instruction takes 2^3 ns. */
export const instructionShift = 3
export const scriptName = 'opt/fct/script'
/** Of one length, since a machine that resumes knows how long it was. */
export const scriptBytes = 64 * 1024

/**
 * Starts one, or lets one go on.
 *
 * @throws FctError FCT_QEMU_MISSING, FCT_QEMU_START with QEMU's own words
 */
export async function startDeterministicMachine(spec: DeterministicSpec): Promise<DeterministicMachine> {
  const files = await mkdtemp(join(tmpdir(), 'fct-machine-'))
  try {
    await writeFile(join(files, 'script'), padded(spec.script))
    const machine = await startEmulator(deterministicArguments(spec, files), [], {
      folder: spec.memory.folder,
    })
    const read = (name: string): Promise<Readable> => readGrowing(join(files, name), machine.ended)
    const outputs = new Map<string, Readable>()
    for (const name of spec.ports) outputs.set(name, await read(name))
    return {
      ...machine,
      console: await read('console'),
      output: (name) => outputOf(outputs, name),
      stopped: new Promise((resolve) => {
        machine.monitor.onEvent('STOP', () => {
          resolve()
        })
      }),
    }
  } finally {
    // QEMU has it all open.
    await rm(files, { recursive: true })
  }
}

function padded(script: string): Buffer {
  const bytes = Buffer.from(script)
  if (bytes.length > scriptBytes)
    throw new RangeError(`a script has ${String(bytes.length)} bytes, more than ${String(scriptBytes)}`)
  return Buffer.concat([bytes, Buffer.alloc(scriptBytes - bytes.length, '\n')])
}

function outputOf(outputs: ReadonlyMap<string, Readable>, name: string): Readable {
  const output = outputs.get(name)
  if (output === undefined) throw new TypeError(`this machine has no port ${name}`)
  return output
}

/**
 * QEMU's arguments, but for its monitor. Time is the number of instructions, 8 ns each, and jumps ahead when all sleep. What the
 * guest writes goes into files, which take it at once whatever the host does; ioeventfd=off lets a virtual CPU wait until that is
 * done. No virtio-rng: RDRAND follows from the seed. The watchdog is for the guest to stop the machine with.
 *
 * @param files Folder for the script and what the guest writes.
 */
export function deterministicArguments(spec: DeterministicSpec, files: string): string[] {
  const path = (name: string): string => join(files, name).replaceAll(',', ',,')
  return [
    ...[
      '-M',
      'pc',
      '-accel',
      'tcg,thread=single',
      '-cpu',
      emulatedCpu,
      '-smp',
      '1',
      '-m',
      String(spec.memoryMiB),
    ],
    ...[
      '-icount',
      `shift=${instructionShift},sleep=off${recordingArgument(spec.recording)}`,
      '-seed',
      '42',
      '-rtc',
      'clock=vm,base=2026-01-01T00:00:00',
    ],
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-nic', 'none', '-no-reboot'],
    ...['-device', 'ib700', '-action', 'watchdog=pause'],
    ...['-kernel', spec.kernel, '-initrd', spec.initramfs, '-append', spec.commandLine],
    ...['-fw_cfg', `name=${scriptName},file=${path('script')}`],
    ...['-chardev', `file,id=console,path=${path('console')}`, '-serial', 'chardev:console'],
    ...['-device', 'virtio-serial-pci,ioeventfd=off'],
    ...spec.ports.flatMap((name) => [
      ...['-chardev', `file,id=${name},path=${path(name)}`],
      ...['-device', `virtserialport,chardev=${name},name=${name}`],
    ]),
    ...memoryArguments(spec.memory, spec.memoryMiB),
    ...(spec.gdb === undefined ? [] : ['-gdb', `unix:${spec.gdb.replaceAll(',', ',,')},server=on,wait=off`]),
  ]
}

function recordingArgument(recording: Recording | undefined): string {
  if (recording === undefined) return ''
  return `,rr=${recording.use},rrfile=${recording.path.replaceAll(',', ',,')}`
}
