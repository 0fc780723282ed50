import { userInfo } from 'node:os'
import { UsageError } from '../../fct-error.js'

/** Where a machine answers ssh. */
export interface SshAddress {
  readonly user: string
  readonly host: string
  readonly port: number
}

/** They stand in commands that we advise, and are arguments of ssh-keygen: nothing that a shell or an option begins with. */
const isHost = /^(?:[\w][\w.-]*|\[[\da-f:.]+\])$/i
const isUser = /^(?:[\w][\w.-]*)?$/

/** @throws UsageError FCT_TARGET_ADDRESS */
export function parseSshAddress(text: string): SshAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const hasMore =
    url !== undefined && (url.password !== '' || !['', '/'].includes(url.pathname) || url.search !== '')
  const isNamed = url !== undefined && isHost.test(url.hostname) && isUser.test(url.username)
  if (url?.protocol !== 'ssh:' || hasMore || !isNamed)
    throw new UsageError(
      'FCT_TARGET_ADDRESS',
      `${JSON.stringify(text)} is no target; one is written ssh://root@host, or ssh://root@host:2222`,
    )
  return {
    user: url.username === '' ? userInfo().username : url.username,
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? 22 : Number(url.port),
  }
}

/** As known_hosts has it: the port in it if it is not the usual one. */
export function hostName({ host, port }: SshAddress): string {
  return port === 22 ? host : `[${host}]:${String(port)}`
}

export function showAddress({ user, host, port }: SshAddress): string {
  const shown = host.includes(':') ? `[${host}]` : host
  return `ssh://${user}@${shown}${port === 22 ? '' : `:${String(port)}`}`
}
