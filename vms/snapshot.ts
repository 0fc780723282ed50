import { FctError } from '../harness/fct-error.js'
import type { Emulator } from './qemu.js'
import type { Qmp } from './qmp.js'

/** Memory stays where it is, in its file: only the rest is written and read. `events` tells when that is done. */
const capabilities = [
  { capability: 'x-ignore-shared', state: true },
  { capability: 'events', state: true },
] as const

/**
 * Stops a machine that was started with memory `to boot` or `to go on`, completes its folder, and ends it.
 *
 * @throws FctError FCT_SNAPSHOT_FAILED
 */
export async function saveMachine(machine: Emulator): Promise<void> {
  await machine.monitor.execute('stop')
  await saveStandingMachine(machine)
}

/**
 * The same of a machine that has stopped by itself.
 *
 * @throws FctError FCT_SNAPSHOT_FAILED
 */
export async function saveStandingMachine(machine: Emulator): Promise<void> {
  const { monitor } = machine
  await monitor.execute('migrate-set-capabilities', { capabilities })
  const saved = migrated(machine, monitor)
  await monitor.execute('migrate', { uri: 'exec:cat > state' })
  await saved
  await machine.stop()
}

/**
 * Lets a machine that was started with memory `to resume` or `to go on` do so where the saved one was stopped.
 *
 * @throws FctError FCT_SNAPSHOT_FAILED
 */
export async function resumeMachine(machine: Emulator): Promise<void> {
  await loadMachine(machine)
  await machine.monitor.execute('cont')
}

/**
 * The same, but it stands still there.
 *
 * @throws FctError FCT_SNAPSHOT_FAILED
 */
export async function loadMachine(machine: Emulator): Promise<void> {
  const { monitor } = machine
  await monitor.execute('migrate-set-capabilities', { capabilities })
  const loaded = migrated(machine, monitor)
  await monitor.execute('migrate-incoming', { uri: 'exec:cat state' })
  await loaded
}

async function migrated({ ended }: Emulator, monitor: Qmp): Promise<void> {
  const over = new Promise<void>((resolve, reject) => {
    monitor.onEvent('MIGRATION', ({ status }) => {
      if (status === 'completed') resolve()
      if (status === 'failed') reject(failure('QEMU could not move its state'))
    })
  })
  over.catch(() => undefined)
  const died = ended.then(({ stderr }) => {
    throw failure(stderr)
  })
  died.catch(() => undefined)
  await Promise.race([over, died])
}

function failure(detail: string): FctError {
  return new FctError('FCT_SNAPSHOT_FAILED', 'a guest could not be saved, or not be resumed', detail)
}
