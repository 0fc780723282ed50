/** An agent for the test of saved guests: it tells what guests that resume from the same one must not have in common. */
import { open } from 'node:fs/promises'
import { renewMachine } from '../../../addon/index.js'
import { serve } from '../../../harness/agent/guest/serve.js'

async function drawRandom(): Promise<string> {
  const file = await open('/dev/urandom')
  const { buffer } = await file.read(Buffer.alloc(16), 0, 16)
  await file.close()
  return buffer.toString('hex')
}

const handlers = {
  prepare: () => Promise.resolve({ counted: 0 }),
  begin: ({ now, entropy }: { now: number; entropy: string }) => {
    renewMachine(now, Buffer.from(entropy, 'base64'))
    return Promise.resolve(null)
  },
  look: async () => ({ now: Date.now(), random: await drawRandom() }),
  leave: () => Promise.resolve(null),
}

serve(() => handlers).then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error)
    process.exit(1)
  },
)
