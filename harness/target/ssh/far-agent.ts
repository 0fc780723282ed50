import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Duplex } from 'node:stream'
import { packageRoot } from '../../folders.js'
import { FctError } from '../../fct-error.js'
import { followFile } from './followed-file.js'
import type { Link } from './link.js'
import { farSide, type MachineProbe } from './probe.js'

/** Our folder on a machine, and the processes that we have there. */
export interface FarPlace {
  /** Path there: `/var/tmp/fctorture.` and ten letters or digits. */
  readonly folder: string
  readonly agent: number
  readonly kmsg: number
}

/** What is brought there; paths on this host. */
export interface Luggage {
  readonly agent: string
  readonly addon: string
  /** fctorture.ko; undefined: it is built there, from kmod/. */
  readonly module: string | undefined
}

const oldestNode = [20, 19] as const

/** Makes our folder there; its path. @throws FctError FCT_TARGET_SETTLE, and what the link throws */
export async function settle(link: Link): Promise<string> {
  const connection = await link.connection()
  const folder = (await connection.run('exec sh -s', farSide('settle'))).trim()
  if (!/^\/var\/tmp\/fctorture\.\w{10}$/.test(folder))
    throw new FctError('FCT_TARGET_SETTLE', 'no folder could be made there', folder)
  return folder
}

/** Brings everything there, builds what is to be built, and starts the agent. */
export async function startFarAgent(
  link: Link,
  folder: string,
  probe: MachineProbe,
  luggage: Luggage,
): Promise<FarPlace> {
  const connection = await link.connection()
  await connection.put(luggage.agent, `${folder}/agent.cjs`, 0o600)
  await connection.put(luggage.addon, `${folder}/fctorture.node`, 0o600)
  if (luggage.module === undefined) await buildThere(link, folder)
  else await connection.put(luggage.module, `${folder}/under-test/fctorture.ko`, 0o600)
  const hasNode = isRecent(probe.node)
  if (!hasNode) await connection.put(process.execPath, `${folder}/node`, 0o700)
  const node = hasNode ? 'node' : `${folder}/node`
  const kmsg = await startDaemon(link, folder, 'kmsg', 'stdbuf -oL dmesg --follow-new')
  const agent = await startDaemon(link, folder, 'agent', `${node} ${folder}/agent.cjs`)
  return { folder, agent, kmsg }
}

function isRecent(version: string): boolean {
  const [major = 0, minor = 0] = version.replace('v', '').split('.').map(Number)
  return major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])
}

/** Sources go there as they are; the machine's own headers and compiler do the rest. */
async function buildThere(link: Link, folder: string): Promise<void> {
  const connection = await link.connection()
  const kmod = join(packageRoot, 'kmod')
  for (const name of await sourcesOf(kmod))
    await connection.run(`cat > ${folder}/kmod/${name}`, await readFile(join(kmod, name)))
  try {
    await connection.run(
      `cd ${folder}/kmod && make -j"$(nproc)" KDIR=/lib/modules/"$(uname -r)"/build CONFIG_DEBUG_INFO_BTF_MODULES= 2>&1 && mv fctorture.ko ../under-test/`,
    )
  } catch (error) {
    if (!(error instanceof FctError) || error.code !== 'FCT_SSH_COMMAND') throw error
    throw new FctError('FCT_MODULE_BUILD', 'fctorture.ko cannot be built on the target', error.detail)
  }
}

async function sourcesOf(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => /^[\w.]+\.[ch]$|^Makefile$|^Kbuild$/.test(name))
}

/** A process that stays when the connection goes; its output is in a file, its number in another. */
async function startDaemon(
  link: Link,
  folder: string,
  name: 'agent' | 'kmsg',
  command: string,
): Promise<number> {
  const connection = await link.connection()
  const environment = `FCTORTURE_PLACE=${folder} FCTORTURE_ADDON=${folder}/fctorture.node HOME=/root`
  const output = name === 'agent' ? 'agent.log' : name
  // A child of a shell without job control is no leader of a group: setsid and what it becomes have its number.
  return Number(
    await connection.run(
      `cd ${folder} && touch up trace && { ${environment} setsid ${command} > ${output} 2>&1 < /dev/null & } && echo $! > ${name}.pid && echo $!`,
    ),
  )
}

/**
 * The agent's control channel: what it sends is in the file `up`; a request becomes a file in `down`, by a rename, so that it
 * can be brought again when nobody knows whether it had arrived.
 */
export function openControl(link: Link, { folder, agent }: FarPlace): Duplex {
  const up = followFile(link, { path: `${folder}/up`, writer: agent })
  let number = 0
  const bring = async (line: string): Promise<void> => {
    const name = String(++number)
    // Where the connection broke off in the middle of it, it waits to be brought again.
    const isWhole = `[ "$(wc -c < ${name}.new)" = ${Buffer.byteLength(line)} ]`
    await link.run((connection) =>
      connection.run(
        `cd ${folder} && cat > ${name}.new && ${isWhole} && { mv -n ${name}.new down/${name} || :; }`,
        line,
      ),
    )
  }
  const channel = new Duplex({
    decodeStrings: false,
    allowHalfOpen: false,
    defaultEncoding: 'utf8',
    read: () => {
      up.resume()
    },
    write: (line: string, _encoding, done) => {
      // An empty line lets a read that blocks return; here nobody is in one.
      if (line.trim() === '') done()
      else
        bring(line).then(
          () => {
            done()
          },
          (error: unknown) => {
            done(error as Error)
          },
        )
    },
    destroy: (error, done) => {
      up.destroy()
      done(error)
    },
  })
  up.on('data', (chunk: Buffer) => {
    if (!channel.push(chunk)) up.pause()
  })
  up.on('end', () => channel.push(null))
  up.on('error', (error) => channel.destroy(error))
  return channel
}

/** Undoes everything there; what could not be undone. */
export async function cleanUp(link: Link, folder: string): Promise<string[]> {
  const answer = await link.run((connection) => connection.run(`exec sh -s ${folder}`, farSide('clean-up')))
  return answer.split('\n').filter((line) => line !== '')
}
