import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { awaitBoot } from '../../../../harness/target/ssh/bring-back.js'
import { connect, type ConnectOptions } from '../../../../harness/target/ssh/connection.js'
import { readHostKeys } from '../../../../harness/target/ssh/host-key.js'
import type { Link } from '../../../../harness/target/ssh/link.js'

let folder = ''
let server: Server
let address = { user: 'root', host: '127.0.0.1', port: 0 }
let options: ConnectOptions
let answer: (socket: Socket) => void

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fct-test-'))
  const key = join(folder, 'key')
  await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key])
  server = createServer((socket) => {
    socket.on('error', () => undefined)
    answer(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  address = { ...address, port: (server.address() as AddressInfo).port }
  const knownHosts = join(folder, 'known_hosts')
  const [kind, text] = (await readFile(`${key}.pub`, 'utf8')).split(' ')
  await writeFile(knownHosts, `[127.0.0.1]:${address.port} ${kind} ${text}\n`)
  options = { knownHosts: [knownHosts], identities: [key] }
})

afterEach(async () => {
  server.close()
  await rm(folder, { recursive: true })
})

it('gives up a server that goes in the middle of the handshake', async () => {
  answer = (socket) => socket.end('SSH-2.0-gone\r\n')
  await expect(connect(address, options)).rejects.toMatchObject({ code: 'FCT_SSH_CONNECT' })
})

it('names a key that cannot be read', async () => {
  answer = (socket) => socket.end()
  const none = connect(address, { ...options, identities: [join(folder, 'none')] })
  await expect(none).rejects.toMatchObject({ code: 'FCT_SSH_IDENTITY' })
  const locked = join(folder, 'locked')
  await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'secret', '-f', locked])
  const closed = connect(address, { ...options, identities: [locked] })
  await expect(closed).rejects.toMatchObject({ code: 'FCT_SSH_IDENTITY' })
})

it('trusts no key that was revoked, whatever other lines say', async () => {
  const name = `[127.0.0.1]:${address.port}`
  const [knownHosts = ''] = options.knownHosts ?? []
  const trusted = await readHostKeys(address, [knownHosts])
  expect(trusted).toHaveLength(1)
  const revoked = join(folder, 'revoked')
  await writeFile(revoked, `@revoked ${name} ssh-ed25519 ${trusted.join()}\n`)
  expect(await readHostKeys(address, [knownHosts, revoked])).toEqual([])
})

it.for(['accepts and says nothing', 'refuses'])(
  'waits no longer for a boot than the user wants, of a machine that %s',
  async (what) => {
    const stop = new AbortController()
    const reason = new Error('stopped')
    answer = (socket) => {
      stop.abort(reason)
      if (what === 'refuses') socket.destroy()
    }
    const link = { address } as Link
    const waiting = awaitBoot({ link, options, bootSeconds: 3600, signal: stop.signal })
    await expect(waiting).rejects.toBe(reason)
  },
)
