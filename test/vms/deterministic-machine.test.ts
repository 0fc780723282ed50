import { expect, it } from 'vitest'
import {
  deterministicArguments,
  scriptBytes,
  startDeterministicMachine,
  type DeterministicSpec,
} from '../../vms/deterministic-machine.js'

const spec: DeterministicSpec = {
  kernel: '/boot/vmlinuz',
  initramfs: '/initramfs',
  commandLine: 'quiet',
  memoryMiB: 64,
  ports: ['fct.control'],
  script: '[]',
  memory: { folder: '/', use: 'to resume' },
}

it('has one CPU that counts instructions, no disk, no network, and no channel that somebody could speak through', () => {
  const args = deterministicArguments(spec, '/tmp/x').join(' ')
  expect(args).toContain('-smp 1')
  expect(args).toContain('-icount shift=3,sleep=off -seed 42 -rtc clock=vm,')
  expect(args).toContain('-nic none')
  expect(args).not.toMatch(/-drive|-netdev|virtio-rng|socket/)
  expect(args).toContain('file,id=fct.control,path=/tmp/x/fct.control')
  expect(args).toContain('ioeventfd=off')
})

it('refuses a script that is longer than what a saved guest expects', async () => {
  const script = 'x'.repeat(scriptBytes + 1)
  await expect(startDeterministicMachine({ ...spec, script })).rejects.toThrow(RangeError)
})

it('tells what QEMU says when it does not start', async () => {
  // An empty file is no kernel: QEMU says so before it starts.
  await expect(startDeterministicMachine({ ...spec, kernel: '/dev/null' })).rejects.toMatchObject({
    code: 'FCT_QEMU_START',
  })
})
