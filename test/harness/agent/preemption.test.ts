import { expect, it } from 'vitest'
import { parsePreemption } from '../../../harness/agent/guest/preemption.js'

it('believes what was chosen at boot', () => {
  expect(parsePreemption('none voluntary (full)\n', '#1 SMP PREEMPT_DYNAMIC Debian')).toBe('full')
  expect(parsePreemption('(none) voluntary full\n', '#1 SMP PREEMPT_DYNAMIC Debian')).toBe('none')
  expect(parsePreemption('full (lazy)\n', '#1 SMP PREEMPT_DYNAMIC Debian')).toBe('lazy')
})

it('else what the kernel was built with', () => {
  expect(parsePreemption('', '#1 SMP PREEMPT Fri Nov 27')).toBe('full')
  expect(parsePreemption('', '#1 SMP Debian 5.10.218-1 (2024-06-01)')).toBe('voluntary')
})
