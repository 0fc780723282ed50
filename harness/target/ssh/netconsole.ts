import { randomBytes } from 'node:crypto'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { messageOf } from '../../fct-error.js'
import { within } from '../deadline.js'
import { farSide } from './probe.js'
import type { Link } from './link.js'

/** What a machine's kernel sends us by itself, as long as it can still send. */
export interface Netconsole {
  /** All that it has sent. */
  readonly text: () => string
  /** Why there is nothing; undefined if it is heard. */
  readonly absence: string | undefined
  end(): void
}

const echoMs = 5_000
const mostBytes = 8 << 20

/**
 * Has a machine's kernel send its messages to us: those of a panic as well, which ssh does not bring any more. Only the address
 * is believed from which a word came that the machine was told. What is made there is `clean-up`'s to undo.
 */
export async function startNetconsole(link: Link, folder: string): Promise<Netconsole> {
  const socket = createSocket('udp4')
  socket.on('error', () => undefined)
  socket.bind()
  await once(socket, 'listening')
  const word = randomBytes(12).toString('hex')
  const ears = listen(socket, word)
  const end = (): void => {
    socket.close()
  }
  try {
    const connection = await link.connection()
    await connection.run(
      `exec sh -s ${folder} ${String(socket.address().port)} ${word}`,
      farSide('netconsole'),
    )
  } catch (error) {
    return { text: ears.text, absence: reasonOf(error), end }
  }
  const absence = await within(
    ears.heard,
    echoMs,
    () => new Error('what it sends does not arrive here (a firewall?)'),
  ).then(() => undefined, messageOf)
  return { text: ears.text, absence, end }
}

function reasonOf(error: unknown): string {
  const { detail = '', message } = error as { detail?: string; message: string }
  return detail === '' ? message : detail
}

function listen(
  socket: Socket,
  word: string,
): { readonly text: () => string; readonly heard: Promise<void> } {
  let from: string | undefined
  const chunks: Buffer[] = []
  let bytes = 0
  const heard = new Promise<void>((resolve) => {
    socket.on('message', (message, { address }) => {
      if (from === undefined && message.includes(word)) {
        from = address
        resolve()
        return
      }
      if (address !== from || bytes > mostBytes) return
      bytes += message.length
      chunks.push(message)
    })
  })
  return { text: () => Buffer.concat(chunks).toString(), heard }
}
