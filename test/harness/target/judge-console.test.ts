import { expect, it } from 'vitest'
import { judgeConsole } from '../../../harness/target/qemu-target.js'
import { KernelFault, TargetLost } from '../../../harness/target/target.js'

it('finds the kernel guilty when its last words are a panic', () => {
  const fault = judgeConsole(
    '[    9.1] Oops: 0000 [#1] PREEMPT SMP\r\n[    9.2] Kernel panic - not syncing: Fatal\r\n',
  )
  expect(fault).toBeInstanceOf(KernelFault)
  expect(fault.message).toContain('Oops: 0000 [#1] PREEMPT SMP')
})

it('tells an agent that ended from a machine that vanished', () => {
  expect(judgeConsole('fct-init: agent ended with status 1\r\n')).toMatchObject({
    code: 'FCT_AGENT_LOST',
    message: expect.stringContaining('status 1') as string,
  })
  const lost = judgeConsole('[    1.0] Run /init as init process\r\n')
  expect(lost).toBeInstanceOf(TargetLost)
  expect(lost).toMatchObject({ code: 'FCT_GUEST_LOST', detail: '[    1.0] Run /init as init process' })
})
