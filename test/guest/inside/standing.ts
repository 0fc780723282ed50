/** An agent for the test of saved guests: it tells what guests that resume from the same one must not have in common. */
import { open, readFile } from 'node:fs/promises'
import { renewMachine } from '../../../addon/index.js'
import { serve } from '../../../harness/agent/guest/serve.js'
import { mountUnderTest, testModule } from '../../../harness/agent/guest/under-test.js'

async function drawRandom(): Promise<string> {
  const file = await open('/dev/urandom')
  const { buffer } = await file.read(Buffer.alloc(16), 0, 16)
  await file.close()
  return buffer.toString('hex')
}

let stages = 0

const handlers = {
  stage: () => {
    stages++
    return Promise.resolve(null)
  },
  prepare: () => Promise.resolve({ stages }),
  begin: ({ now, entropy }: { now: number; entropy: string }) => {
    renewMachine(now, Buffer.from(entropy, 'base64'))
    return Promise.resolve(null)
  },
  look: async () => ({ now: Date.now(), random: await drawRandom() }),
  readUnderTest: async () => {
    await mountUnderTest()
    return readFile(testModule, 'utf8')
  },
  leave: () => Promise.resolve(null),
}

serve(() => handlers).then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error)
    process.exit(1)
  },
)
