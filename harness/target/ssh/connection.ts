import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { text } from 'node:stream/consumers'
import ssh2, { type ClientChannel, type ConnectConfig } from 'ssh2'
import { FctError, messageOf } from '../../fct-error.js'
import { showAddress, type SshAddress } from './address.js'
import { distrust, kindsOf, readHostKeys, usualKnownHosts } from './host-key.js'

/** What a command reads. */
export type Input = string | Buffer | (() => Readable)

/** A connection to a machine; when it ends, everything that goes through it fails with FCT_SSH_LOST. */
export interface Connection {
  /**
   * Runs a command to its end; its stdout. Commands are texts of ours: nothing that came from elsewhere stands in them.
   *
   * @param input A stream is asked for as soon as the command can read it.
   * @throws FctError FCT_SSH_COMMAND with what it printed, FCT_SSH_LOST
   */
  run(command: string, input?: Input): Promise<string>
  /** A command whose output is read as it comes. */
  open(command: string): Promise<ClientChannel>
  /** Copies a file; modes as given. */
  put(local: string, remote: string, mode: number): Promise<void>
  /** Resolves with the reason when it is over. */
  readonly closed: Promise<string>
  end(): void
}

export interface ConnectOptions {
  readonly knownHosts?: readonly string[]
  /** Private keys to try; the user's usual ones if not given, beside ssh-agent. */
  readonly identities?: readonly string[]
  /** How long a machine may take until it has let us in, ms. */
  readonly readyTimeoutMs?: number
  /** Ends the attempt. */
  readonly signal?: AbortSignal
}

const usualReadyTimeoutMs = 30_000
const keepaliveMs = 5_000
/** Answers that may be missing before the connection is given up. */
const keepaliveMisses = 3

/**
 * @throws FctError FCT_SSH_HOST_UNKNOWN, FCT_SSH_HOST_KEY_CHANGED, FCT_SSH_IDENTITY, FCT_SSH_AUTH, FCT_SSH_CONNECT
 */
export async function connect(address: SshAddress, options: ConnectOptions = {}): Promise<Connection> {
  const keys = await readHostKeys(address, options.knownHosts ?? usualKnownHosts())
  if (keys.length === 0) throw distrust(address, false)
  const client = new ssh2.Client()
  let reason = 'the connection was closed'
  // Not by once(): an error, which comes before, would reject it.
  const closed = new Promise<string>((resolve) => {
    client.on('close', () => {
      resolve(reason)
    })
  })
  let isTrusted = true
  const config: ConnectConfig = {
    ...{ host: address.host, port: address.port, username: address.user },
    ...{ keepaliveInterval: keepaliveMs, keepaliveCountMax: keepaliveMisses },
    readyTimeout: options.readyTimeoutMs ?? usualReadyTimeoutMs,
    algorithms: { serverHostKey: kindsOf(keys) },
    hostVerifier: (key: Buffer) => (isTrusted = keys.includes(key.toString('base64'))),
    ...authentication(address, options.identities ?? usualIdentities()),
  }
  const ready = once(client, 'ready')
  const giveUp = (): void => {
    client.destroy()
  }
  options.signal?.addEventListener('abort', giveUp)
  client.on('error', (error) => {
    reason = messageOf(error)
  })
  try {
    client.connect(config)
    // A server that goes in the middle of a handshake is told as no error.
    await Promise.race([ready, closed.then((why) => Promise.reject(new Error(why)))])
  } catch (error) {
    client.end()
    throw explainRefusal(error, address, isTrusted)
  } finally {
    options.signal?.removeEventListener('abort', giveUp)
  }
  return new ClientConnection(client, closed)
}

/** Keys are offered one after the other, then what ssh-agent has. */
function authentication({ user }: SshAddress, identities: readonly string[]): Partial<ConnectConfig> {
  const agent = process.env['SSH_AUTH_SOCK']
  const methods = identities.map((path) => ({
    type: 'publickey' as const,
    username: user,
    key: readIdentity(path),
  }))
  const byAgent = agent === undefined ? [] : [{ type: 'agent' as const, username: user, agent }]
  return { authHandler: [...methods, ...byAgent] }
}

/** A key with a passphrase is ssh-agent's to use. */
function usualIdentities(): string[] {
  const paths = ['id_ed25519', 'id_ecdsa', 'id_rsa'].map((name) => join(homedir(), '.ssh', name))
  return paths.filter(
    (path) => existsSync(path) && !(ssh2.utils.parseKey(readFileSync(path)) instanceof Error),
  )
}

function readIdentity(path: string): Buffer {
  try {
    const key = readFileSync(path)
    const parsed = ssh2.utils.parseKey(key)
    if (parsed instanceof Error) throw parsed
    return key
  } catch (error) {
    throw new FctError(
      'FCT_SSH_IDENTITY',
      `${path} is no private key that can be read: ${messageOf(error)}`,
      'One with a passphrase is for ssh-agent: ssh-add it, and leave --identity out.',
    )
  }
}

function explainRefusal(error: unknown, address: SshAddress, isTrusted: boolean): FctError {
  const name = showAddress(address)
  const level = (error as { level?: string }).level
  const message = messageOf(error)
  // A host that has none of the kinds of keys that it is known by has other keys.
  if (!isTrusted || message.includes('host key')) return distrust(address, true)
  if (level === 'client-authentication')
    return new FctError(
      'FCT_SSH_AUTH',
      `${name} accepts none of the keys`,
      'Offered were --identity, or the usual keys in ~/.ssh, and those of ssh-agent. ssh-copy-id installs one there.',
    )
  return new FctError(
    'FCT_SSH_CONNECT',
    `${name} cannot be reached: ${message}`,
    'Is it on, and does sshd listen at that port? ssh -v tells more.',
  )
}

class ClientConnection implements Connection {
  readonly closed: Promise<string>
  readonly #client: ssh2.Client
  #isOpen = true

  constructor(client: ssh2.Client, closed: Promise<string>) {
    this.#client = client
    this.closed = closed
    void closed.then(() => (this.#isOpen = false))
  }

  async run(command: string, input: Input = ''): Promise<string> {
    const channel = await this.open(command)
    const ended = once(channel, 'close') as Promise<[number | null]>
    ended.catch(() => undefined)
    // A command that ends before it has read all says why by its status.
    if (typeof input === 'function') pipeline(input(), channel).catch(() => undefined)
    else channel.end(input)
    const [stdout, stderr] = await this.#unlessLost(Promise.all([text(channel), text(channel.stderr)]))
    const [code] = await this.#unlessLost(ended)
    if (code === 0) return stdout
    // Without a status the connection broke off before the command had ended.
    if (code === null) throw lost('it broke off in the middle of a command')
    const output = `${stdout}${stderr}`.trimEnd().split('\n').slice(-20).join('\n')
    throw new FctError('FCT_SSH_COMMAND', `a command failed there (status ${String(code)})`, output)
  }

  open(command: string): Promise<ClientChannel> {
    return this.#unlessLost(
      new Promise((resolve, reject) => {
        this.#client.exec(command, (error, channel) => {
          if (error === undefined) resolve(channel)
          else reject(lost(messageOf(error)))
        })
      }),
    )
  }

  put(local: string, remote: string, mode: number): Promise<void> {
    return this.#unlessLost(
      new Promise((resolve, reject) => {
        this.#client.sftp((refusal, sftp) => {
          if (refusal !== undefined) {
            reject(lost(messageOf(refusal)))
            return
          }
          sftp.fastPut(local, remote, { mode }, (error) => {
            sftp.end()
            if (!error) resolve()
            else
              reject(new FctError('FCT_SSH_COPY', `${remote} cannot be written there: ${messageOf(error)}`))
          })
        })
      }),
    )
  }

  end(): void {
    this.#client.end()
    this.#client.destroy()
  }

  #unlessLost<T>(promise: Promise<T>): Promise<T> {
    promise.catch(() => undefined)
    if (!this.#isOpen) return Promise.reject(lost('it is closed'))
    const over = this.closed.then((reason) => {
      throw lost(reason)
    })
    over.catch(() => undefined)
    return Promise.race([promise, over])
  }
}

function lost(reason: string): FctError {
  return new FctError('FCT_SSH_LOST', `the connection is gone: ${reason}`)
}
