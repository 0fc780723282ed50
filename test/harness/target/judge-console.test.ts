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

const int3 = (code: string): string =>
  [
    '[   35.484248] Oops: int3: 0000 [#1] SMP NOPTI',
    '[   35.488461] RIP: 0010:try_to_wake_up+0x681/0x790',
    `[   35.489177] Code: e8 44 7e ff ff 80 7b 36 00 ${code} b8 01 00 00 00 e9 85 fe ff ff`,
    '[   35.492392] RSP: 0018:ff6c5c2a4007bcb0 EFLAGS: 00000046',
    '[   35.501505] Kernel panic - not syncing: Fatal exception in interrupt',
    '',
  ].join('\r\n')

it('takes a breakpoint that is gone when the kernel looks for the emulator', () => {
  // As 7.3.4 printed it at the end of a run, when a static key of the scheduler's tracepoints was turned off.
  const lost = judgeConsole(int3('66 <90>'))
  expect(lost).toMatchObject({
    code: 'FCT_GUEST_LOST',
    message: expect.stringContaining('run it again') as string,
  })
})

it('finds the kernel guilty where the breakpoint is still there: it ran into what is no code', () => {
  expect(judgeConsole(int3('cc <cc>'))).toMatchObject({
    code: 'FCT_GUEST_KERNEL_FAULT',
    message: "the guest's kernel died: Oops: int3: 0000 [#1] SMP NOPTI",
  })
})
