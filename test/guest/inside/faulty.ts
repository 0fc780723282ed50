/** An agent that does harm to itself or its machine when it is asked to. */
import { writeFile } from 'node:fs/promises'
import { serve } from '../../../harness/agent/guest/serve.js'

const never = new Promise(() => undefined)

const handlers = {
  stage: () => Promise.resolve(null),
  die: () => {
    process.kill(process.pid, 'SIGKILL')
    return never
  },
  panic: async () => {
    await writeFile('/proc/sysrq-trigger', 'c')
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
