import { homedir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import ssh2, { type ServerHostKeyAlgorithm } from 'ssh2'
import { FctError } from '../../fct-error.js'
import { hostName, type SshAddress } from './address.js'

/** Where the keys of known hosts are: the user's, then the machine's. */
export function usualKnownHosts(): string[] {
  return [join(homedir(), '.ssh', 'known_hosts'), '/etc/ssh/ssh_known_hosts']
}

/**
 * The keys that a host is known by, as base64 of their wire format. ssh-keygen looks them up: it knows hashed names and
 * patterns. A key that any of the files revokes is none (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT").
 */
export async function readHostKeys(address: SshAddress, files: readonly string[]): Promise<string[]> {
  const answers = await Promise.all(
    files.map((file) => execa('ssh-keygen', ['-F', hostName(address), '-f', file], { reject: false })),
  )
  const missing = answers.find(({ code }) => code === 'ENOENT')
  if (missing !== undefined)
    throw new FctError(
      'FCT_SSH_MISSING',
      'ssh-keygen is not installed',
      'It is in the package openssh-client.',
    )
  const lines = answers.flatMap(({ stdout }) => stdout.split('\n'))
  const keysOf = (form: RegExp): string[] => lines.flatMap((line) => form.exec(line)?.[1] ?? [])
  const revoked = keysOf(/^@revoked\s+\S+\s+\S+\s+(\S+)/)
  // A line that begins with another mark vouches for no host.
  return keysOf(/^[^#@\s]\S*\s+\S+\s+(\S+)/).filter((key) => !revoked.includes(key))
}

/** The kinds of the keys, so that the host is asked for one of those that can be compared. */
export function kindsOf(keys: readonly string[]): ServerHostKeyAlgorithm[] {
  const kinds = keys.flatMap((key) => {
    const parsed = ssh2.utils.parseKey(Buffer.from(key, 'base64'))
    return parsed instanceof Error ? [] : [parsed.type]
  })
  const signatures = kinds.flatMap((kind) =>
    kind === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'] : [kind],
  )
  return [...new Set(signatures)] as ServerHostKeyAlgorithm[]
}

/** What is said when a host shows a key that it is not known by, or when it is not known at all. */
export function distrust(address: SshAddress, isKnown: boolean): FctError {
  const name = hostName(address)
  if (isKnown)
    return new FctError(
      'FCT_SSH_HOST_KEY_CHANGED',
      `${name} shows another key than the one it is known by`,
      `It is another machine, or was installed anew. If you know why: ssh-keygen -R '${name}', then connect once with ssh.`,
    )
  return new FctError(
    'FCT_SSH_HOST_UNKNOWN',
    `${name} is not a known host`,
    'Connect once with ssh and compare its key, or add the line that ssh-keyscan gives to your known_hosts.',
  )
}
