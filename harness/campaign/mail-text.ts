import { printable } from '../report/figures.js'
import type { Notice } from './notice.js'

export interface MailHead {
  /** Addresses, `name@domain`. */
  readonly from: string
  readonly to: string
  readonly date: Date
  /** Unique; without the domain. */
  readonly id: string
}

/** A message of RFC 5322 with MIME, as `sendmail -t` takes it. */
export function mailText(notice: Notice, { from, to, date, id }: MailHead): string {
  const domain = from.slice(from.lastIndexOf('@') + 1)
  const head = [
    `From: ${from}`,
    `To: ${to}`,
    `Subject: ${encodeWords(notice.subject)}`,
    `Date: ${date.toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: <${id}@${domain}>`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: quoted-printable',
    'Auto-Submitted: auto-generated',
  ]
  return [...head, '', ...bodyLines(notice).flatMap(quotedPrintable), ''].join('\r\n')
}

function bodyLines({ night, changes }: Notice): string[] {
  const items = changes.map(({ about, says, firstSeen, lastSeen, kernels }) => {
    const seen = `first seen ${firstSeen}, last seen ${lastSeen}, kernels: ${kernels.join(', ')}`
    return `* ${about === 'trouble' ? 'infrastructure, ' : ''}${says}\n  ${seen}\n`
  })
  return printable([`Night of ${night.started}:\n`, ...items].join('\n')).split('\n')
}

/** Of an encoded word at most 75 characters (RFC 2047), of its text so many bytes. */
const wordBytes = 42

/** Text of a header, on lines of its own where it is long; plain where that is allowed. */
function encodeWords(text: string): string {
  if (/^[ -~]{1,60}$/.test(text)) return text
  const words: string[] = []
  let word = ''
  for (const character of printable(text)) {
    if (Buffer.byteLength(word + character) > wordBytes) {
      words.push(word)
      word = ''
    }
    word += character
  }
  const encoded = [...words, word].map((part) => `=?utf-8?B?${Buffer.from(part).toString('base64')}?=`)
  return encoded.join('\r\n ')
}

/** RFC 2045, 6.7: lines of at most 76 characters. */
function quotedPrintable(line: string): string[] {
  const bytes = [...Buffer.from(line)]
  const lines: string[] = []
  let current = ''
  for (const [index, byte] of bytes.entries()) {
    const isLast = index === bytes.length - 1
    const isPlain = byte >= 0x20 && byte <= 0x7e && byte !== 0x3d && !(isLast && byte === 0x20)
    const unit = isPlain ? String.fromCharCode(byte) : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`
    if (current.length + unit.length > 75) {
      lines.push(`${current}=`)
      current = ''
    }
    current += unit
  }
  return [...lines, current]
}
