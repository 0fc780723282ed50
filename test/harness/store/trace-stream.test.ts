import { expect, it } from 'vitest'
import { FrameReader, parseCpuStats } from '../../../harness/store/trace-stream.js'
import { frame } from './frame.js'

const page = (text: string): Buffer => Buffer.from(text)

it('gives the same frames in whatever portions the bytes come', () => {
  const stream = Buffer.concat([
    frame(1, 0, 0, page('aaaa')),
    frame(1, 1, 0, page('b')),
    frame(2, 0, 1, page('read events: 7\n')),
  ])
  for (const portion of [1, 7, 33, stream.length]) {
    const reader = new FrameReader()
    const frames = []
    for (let at = 0; at < stream.length; at += portion)
      frames.push(...reader.push(stream.subarray(at, at + portion)))
    expect(frames).toEqual([
      { kind: 'page', cpu: 0, data: page('aaaa') },
      { kind: 'page', cpu: 1, data: page('b') },
      { kind: 'stats', cpu: 0, text: 'read events: 7\n' },
    ])
    expect(reader.pending).toBe(0)
  }
})

it('keeps what is not yet whole and says how much that is', () => {
  const reader = new FrameReader()
  expect(reader.push(frame(1, 0, 0, page('aaaa')).subarray(0, 34))).toEqual([])
  expect(reader.pending).toBe(34)
})

function changeBit(bytes: Buffer, at: number): Buffer {
  bytes.writeUInt8(bytes.readUInt8(at) ^ 0x10, at)
  return bytes
}

it.each([
  ['a page is missing', Buffer.concat([frame(1, 0, 0, page('a')), frame(1, 0, 2, page('c'))]), 'missing'],
  [
    'the checksum is wrong',
    Buffer.concat([frame(1, 0, 0, page('a')).subarray(0, 32), page('x')]),
    'checksum',
  ],
  ['one bit has changed', changeBit(frame(1, 0, 0, page('a'.repeat(4000))), 32 + 3999), 'checksum'],
  ['no frame begins', Buffer.alloc(32, 0x55), 'no frame'],
  ['frames are of the version before', Buffer.concat([page('FCT1'), Buffer.alloc(28)]), 'no frame'],
  ['the kind is unknown', frame(9, 0, 0, page('a')), 'unknown kind 9'],
])('refuses a stream in which %s', (_, stream, words) => {
  const push = (): unknown => new FrameReader().push(stream)
  expect(push).toThrow(
    expect.objectContaining({
      code: 'FCT_STREAM_BROKEN',
      message: expect.stringContaining(words) as string,
    }) as Error,
  )
})

it('reads the counters of a ring buffer', () => {
  const text = 'entries: 3\noverrun: 5\ncommit overrun: 0\nbytes: 100\ndropped events: 1\nread events: 7\n'
  expect(parseCpuStats(text)).toEqual({ entries: 3, overrun: 5, commitOverrun: 0, dropped: 1, read: 7 })
})
