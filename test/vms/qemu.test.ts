import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { afterEach, expect, it, vi } from 'vitest'
import { machineArguments, startMachine, type MachineSpec } from '../../vms/qemu.js'

const spec: MachineSpec = {
  kernel: '/nonexistent/vmlinuz',
  initramfs: '/nonexistent/initramfs',
  commandLine: 'console=ttyS0',
  accelerator: 'tcg',
  cpus: 1,
  memoryMiB: 64,
  disks: [],
  ports: ['fct.control'],
}

afterEach(() => vi.unstubAllEnvs())

it('passes on what QEMU says when it refuses its arguments', async () => {
  await expect(startMachine({ ...spec, ports: ['a,nonsense=1'] })).rejects.toMatchObject({
    code: 'FCT_QEMU_START',
    detail: expect.stringContaining('nonsense') as string,
  })
})

it('says that QEMU died of a missing kernel', async () => {
  await expect(startMachine(spec)).rejects.toMatchObject({
    code: 'FCT_QEMU_START',
    detail: expect.stringContaining('vmlinuz') as string,
  })
})

it('says how to get QEMU when it is not installed', async () => {
  const folder = await mkdtemp(`${tmpdir()}/fct-test-path-`)
  await symlink('/usr/bin/setpriv', `${folder}/setpriv`)
  vi.stubEnv('PATH', folder)
  await expect(startMachine(spec)).rejects.toMatchObject({ code: 'FCT_QEMU_MISSING' })
  vi.stubEnv('PATH', '/nonexistent')
  await expect(startMachine(spec)).rejects.toMatchObject({ code: 'FCT_QEMU_MISSING' })
  await rm(folder, { recursive: true })
})

it('opens disks read-only and keeps commas in their names', () => {
  const drive = machineArguments({ ...spec, disks: ['/cache/a,b.erofs'] }).find((arg) =>
    arg.startsWith('file='),
  )
  expect(drive).toBe('file=/cache/a,,b.erofs,if=none,id=disk0,format=raw,read-only=on')
})

it('has network cards with the cables that it is given, behind its channels', () => {
  const address = '52:54:00:fc:00:01'
  const wires = [{ address }, { address, fd: 77 }]
  const args = machineArguments({ ...spec, wires })
  expect(args.filter((arg) => /wire\d/.test(arg))).toEqual([
    'hubport,id=wire0,hubid=0',
    `virtio-net-pci,netdev=wire0,mac=${address},romfile=`,
    'socket,id=wire1,fd=5',
    `virtio-net-pci,netdev=wire1,mac=${address},romfile=`,
  ])
  expect(machineArguments(spec)).not.toContain('-netdev')
})
