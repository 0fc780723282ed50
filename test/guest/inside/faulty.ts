/** An agent that does harm to itself or its machine when it is asked to. */
import { writeFile } from 'node:fs/promises'
import { serve } from '../../../harness/agent/guest/serve.js'

const never = new Promise<never>(() => undefined)

async function panic(): Promise<never> {
  await writeFile('/proc/sysrq-trigger', 'c')
  return never
}

const handlers = {
  stage: () => Promise.resolve(null),
  die: () => {
    process.kill(process.pid, 'SIGKILL')
    return never
  },
  panic,
  /** As a kernel that has no driver of the device pvpanic. */
  panicWithoutDriver: async () => {
    await writeFile('/sys/bus/platform/drivers/pvpanic-mmio/unbind', 'QEMU0001:00')
    return panic()
  },
  /** The console hears nothing from now on. */
  whisper: async () => {
    await writeFile('/proc/sys/kernel/printk', '1')
    for (const word of ['once', 'twice']) await writeFile('/dev/kmsg', `<4>faulty: whispers ${word}`)
    return never
  },
  wait: () => never,
}

serve(() => handlers).then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error)
    process.exit(1)
  },
)
