import { once } from 'node:events'
import { expect, it } from 'vitest'
import { openConsoleHook, revivalsOf, runHook } from '../../../../harness/target/ssh/hooks.js'

it('tries the least first', () => {
  const power = { off: ['pdu', 'off'], on: ['pdu', 'on'] }
  expect(revivalsOf({ power, reset: ['bmc', 'reset'] }).map(({ commands }) => commands)).toEqual([
    [['bmc', 'reset']],
    [
      ['pdu', 'off'],
      ['pdu', 'on'],
    ],
  ])
  expect(revivalsOf({})).toEqual([])
})

it('tells how a hook failed, and not what its arguments were', async () => {
  const commands = [['sh', '-c', 'echo no such outlet >&2; exit 3', 'secret']]
  const failed = runHook({ name: 'the reset hook', commands })
  await expect(failed).rejects.toMatchObject({
    code: 'FCT_HOOK_FAILED',
    message: 'the reset hook (sh) failed: ended with status 3',
    detail: 'no such outlet',
  })
  const missing = runHook({ name: 'the reset hook', commands: [['/no/such/program']] })
  await expect(missing).rejects.toMatchObject({ code: 'FCT_HOOK_FAILED' })
})

it('reads a console until it is told to end, and says so if it ends by itself', async () => {
  const console = openConsoleHook(['sh', '-c', 'echo [ 1.0] hello; exec sleep 60'])
  const [chunk] = (await once(console.stream, 'data')) as [Buffer]
  expect(chunk.toString()).toBe('[ 1.0] hello\n')
  console.end()
  const broken = openConsoleHook(['sh', '-c', 'echo no such console >&2; exit 1'])
  broken.stream.resume()
  const failure = await Promise.race([console.failed, broken.failed])
  expect(failure).toMatchObject({ code: 'FCT_HOOK_CONSOLE', detail: 'no such console' })
})
