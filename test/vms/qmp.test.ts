import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { connectQmp, type Qmp } from '../../vms/qmp.js'

/** A machine without memory or devices to speak of, which stands still. */
const machine = ['-M', 'none', '-nodefaults', '-display', 'none', '-S', '-qmp']

let folder = ''
let monitor: Qmp
let end: () => Promise<void>

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fct-test-qmp-'))
  const path = join(folder, 'qmp')
  const server = createServer().listen(path)
  await once(server, 'listening')
  const qemu = execa('qemu-system-x86_64', [...machine, `unix:${path}`], { reject: false })
  const [socket] = (await once(server, 'connection')) as [Socket]
  monitor = await connectQmp(socket)
  end = async () => {
    qemu.kill('SIGKILL')
    await qemu
    server.close()
  }
})

afterEach(async () => {
  await end()
  await rm(folder, { recursive: true })
})

it('hears events, and answers of commands', async () => {
  const events: string[] = []
  for (const event of ['RESUME', 'STOP'] as const) monitor.onEvent(event, () => events.push(event))
  expect(await monitor.execute('cont')).toEqual({})
  expect(await monitor.execute('stop')).toEqual({})
  expect(events).toEqual(['RESUME', 'STOP'])
})

it('passes on why QEMU refuses a command', async () => {
  await expect(monitor.execute('migrate-incoming', { uri: 'exec:true' })).rejects.toMatchObject({
    code: 'FCT_QMP_REFUSED',
    message: expect.stringContaining('-incoming') as string,
  })
})

it('waits for no answer of a QEMU that has ended', async () => {
  const late = monitor.execute('cont')
  late.catch(() => undefined)
  await end()
  await late.catch(() => undefined)
  await expect(monitor.execute('stop')).rejects.toMatchObject({ code: 'FCT_QMP_LOST' })
})
