/**
 * The agent: runs in the target and does what the host asks. It is bundled into one file (dist/agent.cjs) and needs
 * nothing but Node and the addon.
 */
import { messageOf } from '../../fct-error.js'
import { createClientMachine } from './client-machine.js'
import { serve } from './serve.js'
import { createTorture } from './torture.js'

serve((upstream) => ({ ...createTorture(upstream), ...createClientMachine(upstream.send) })).then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(`fct-agent: ${messageOf(error)}`)
    process.exit(1)
  },
)
