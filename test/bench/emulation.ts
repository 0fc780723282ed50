import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { specOf } from '../../harness/target/deterministic-guest.js'
import { scriptOfPreparation } from '../../harness/target/script.js'
import {
  deterministicArguments,
  scriptBytes,
  type DeterministicSpec,
} from '../../vms/deterministic-machine.js'
import type { RamImages } from '../../vms/guest-images.js'
import { startEmulator, type Emulator } from '../../vms/qemu.js'
import { planWith } from './drive-seed.js'
import { processorTimeOf } from './qemu-process.js'
import type { Row } from './row.js'

/** A guest that boots and makes itself ready, which is the same work each time. */
const work = 'a boot up to standing ready'

/** What it costs to count instructions, to record and to replay: processor time of QEMU, beside emulation that does neither. */
export async function* measureEmulation(images: RamImages): AsyncGenerator<Row> {
  const scratch = await mkdtemp(join(tmpdir(), 'fct-bench-'))
  try {
    const memory = { folder: scratch, use: 'to boot' } as const
    const spec = specOf(images, scriptOfPreparation(planWith(images, 1, 1)), memory)
    const path = join(scratch, 'recording')
    const peer = { name: 'plain, one thread', value: await costOf(spec, withoutCounting) }
    const row = (what: string, ours: number): Row => {
      return { what: `${work}, ${what}`, ours, unit: 's', better: 'less', peer }
    }
    yield row('icount', await costOf(spec))
    yield row('icount, recorded', await costOf({ ...spec, recording: { path, use: 'record' } }))
    yield row('icount, replayed', await costOf({ ...spec, recording: { path, use: 'replay' } }))
  } finally {
    await rm(scratch, { recursive: true })
  }
}

/** Of QEMU's arguments all but those. */
function withoutCounting(args: readonly string[]): readonly string[] {
  const index = args.indexOf('-icount')
  return args.toSpliced(index, 2)
}

/** Seconds of processor time until the guest stops its machine. */
async function costOf(
  spec: DeterministicSpec,
  change: (args: readonly string[]) => readonly string[] = (args) => args,
): Promise<number> {
  const { folder } = spec.memory
  const files = join(folder, 'files')
  await mkdir(files)
  await writeFile(join(files, 'script'), spec.script.padEnd(scriptBytes, '\n'))
  const machine = await startEmulator(change(deterministicArguments(spec, files)), [], { folder })
  try {
    await stopOf(machine)
    const seconds = await processorTimeOf(folder)
    // A recording is complete when QEMU ends by itself; whether it answers before that does not matter.
    machine.monitor.execute('quit').catch(() => undefined)
    await machine.ended
    return seconds
  } finally {
    await machine.stop()
    await rm(files, { recursive: true })
  }
}

async function stopOf({ monitor, ended }: Emulator): Promise<void> {
  const stopped = new Promise<void>((resolve) => {
    monitor.onEvent('STOP', () => {
      resolve()
    })
  })
  const gone = ended.then(({ stderr }) => {
    throw new Error(`QEMU ended before its guest stood ready: ${stderr}`)
  })
  await Promise.race([stopped, gone])
}
