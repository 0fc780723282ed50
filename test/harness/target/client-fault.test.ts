import { expect, it } from 'vitest'
import { FctError } from '../../../harness/fct-error.js'
import { asClientFault, ClientFault } from '../../../harness/target/client-fault.js'
import { KernelFault, TargetHung, TargetLost, TargetTimeout } from '../../../harness/target/target.js'

const cases: [FctError, string][] = [
  [new KernelFault('FCT_GUEST_KERNEL_FAULT', 'Oops'), 'FCT_CLIENT_KERNEL_FAULT'],
  [new TargetHung('FCT_GUEST_HUNG', 'soft lockup'), 'FCT_CLIENT_HUNG'],
  [new TargetTimeout('FCT_GUEST_TIMEOUT', 'no answer'), 'FCT_CLIENT_TIMEOUT'],
  [new TargetLost('FCT_GUEST_LOST', 'killed'), 'FCT_CLIENT_LOST'],
  [new FctError('FCT_AGENT_LOST', 'gone'), 'FCT_CLIENT_LOST'],
  [new FctError('FCT_GUEST_CLIENT', 'mount failed', 'mount.nfs: no'), 'FCT_CLIENT_FAILED'],
]

it.each(cases)('says of %s that it was a client machine', (error, code) => {
  const fault = asClientFault(error, 2)
  expect(fault).toBeInstanceOf(ClientFault)
  expect(fault).toMatchObject({ code, message: `client machine 2: ${error.message}`, detail: error.detail })
})

it('leaves how clients fare as it is', () => {
  const stuck = new FctError('FCT_LOAD_STUCK', 'hung')
  expect(asClientFault(stuck, 1)).toBe(stuck)
})
