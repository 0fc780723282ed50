import { Readable } from 'node:stream'

const tailBytes = 64 * 1024
/** The first that a kernel says. */
const nextBoot = /^\[ {4}0\.000000\] Linux version /m

/** A serial console goes on when the machine boots again; that is no part of the run. */
export function untilNextBoot(console: Readable): Readable {
  let tail = ''
  return Readable.from(
    (async function* () {
      for await (const chunk of console as AsyncIterable<Buffer>) {
        tail = (tail + chunk.toString('latin1')).slice(-tailBytes)
        const start = tail.length - Math.min(chunk.length, tail.length)
        const next = nextBoot.exec(tail.replaceAll('\r', ' '))
        if (next === null) yield chunk
        else {
          yield chunk.subarray(0, Math.max(0, next.index - start))
          return
        }
      }
    })(),
    { objectMode: false },
  )
}
