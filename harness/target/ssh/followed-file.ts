import { once } from 'node:events'
import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { FctError } from '../../fct-error.js'
import type { Link } from './link.js'

/** A file of the far side that grows. */
export interface FollowedFile {
  /** Its path there: a text of ours. */
  readonly path: string
  /** Number of the process with whose end the file is complete. */
  readonly writer: number
  /** Bytes per second, at the most. */
  readonly rate?: number | undefined
}

/**
 * Reads a growing file to its end, across lost connections: each goes on where the one before stopped, so nothing is missing
 * and nothing is there twice. Ends early where the machine does.
 */
export function followFile(link: Link, file: FollowedFile): Readable {
  return Readable.from(follow(link, file), { objectMode: false })
}

async function* follow(link: Link, { path, writer, rate }: FollowedFile): AsyncGenerator<Buffer> {
  let offset = 0
  const began = performance.now()
  for (;;) {
    try {
      const connection = await link.connection()
      // GNU tail reads what is left when the writer is gone, and ends.
      const channel = await connection.open(
        `exec tail -f --pid=${String(writer)} -s 0.2 -c +${String(offset + 1)} -- '${path}'`,
      )
      let status: number | null | undefined
      channel.on('exit', (code: number | null) => (status = code))
      const closed = once(channel, 'close')
      closed.catch(() => undefined)
      for await (const chunk of channel as AsyncIterable<Buffer>) {
        offset += chunk.length
        yield chunk
        if (rate !== undefined) await delay(Math.max(0, (offset / rate) * 1000 - (performance.now() - began)))
      }
      await closed
      if (status === 0) return
    } catch (error) {
      if (!(error instanceof FctError)) throw error
      if (error.code === 'FCT_TARGET_GONE' || error.code === 'FCT_TARGET_REBOOTED') return
      if (error.code !== 'FCT_SSH_LOST') throw error
    }
    await untilNext(link)
  }
}

/** A connection that is just ending is still handed out. */
async function untilNext(link: Link): Promise<void> {
  await link.run((connection) => connection.run('true')).catch(() => undefined)
}
