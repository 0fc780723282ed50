import { join } from 'node:path'
import { expect, it } from 'vitest'
import { packageRoot } from '../../harness/folders.js'
import { runScriptInGuest } from './shell-guest.js'

// Without what emulatedParameters has for it, 7.3 dies within 20 rounds, and 6.1 goes round in an int3 for ever.
it.each(['debian:6.1', 'debian:7.3'])(
  'the first event and the last leave the scheduler of %s alone',
  async (name) => {
    const script = join(packageRoot, 'test', 'guest', 'inside', 'toggle-events.sh')
    const end = await runScriptInGuest(script, { name, patches: [], profile: 'stock' })
    expect(end.script).toMatch(/^60 rounds\s+reproducer ended with 0\s*$/)
    expect(end.console).not.toMatch(/Oops|BUG|lockup/)
  },
)
