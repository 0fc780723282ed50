import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FctError } from '../../harness/fct-error.js'
import { runGit } from './git.js'
import type { Origin } from './patch.js'
import type { PatchFile } from './patch-files.js'
import { readable } from './refusal.js'
import { withScratch } from './scratch.js'

/** The text of one mail, or of a file that is no mail, with transfer encodings undone and lines ending in LF. */
export interface Message {
  readonly origin: Origin
  readonly strip: number
  /** What stands before the diff by git's reading: the commit message. In a review, mostly all of it. */
  readonly commentary: string
  /** From the first `---`, `diff -` or `Index:` at a line's start. */
  readonly patch: string
}

/** A whole list's archive given by mistake; the longest series have tens. */
const mailLimit = 500

/** The messages of a file: one, or those of an mbox in its order. */
export async function readMessages(file: PatchFile): Promise<Message[]> {
  const { path, strip } = file
  if (!isMail(file.bytes)) {
    const patch = withoutTransportCr(file.bytes.toString('latin1'))
    return [{ origin: { path, subject: '' }, strip, commentary: '', patch }]
  }
  return withScratch((folder) => decodeMails(file, folder))
}

/** Headers come first, or mbox's "From " line; a diff does not start with either. */
function isMail(bytes: Buffer): boolean {
  return /^(?:From |[A-Za-z][A-Za-z0-9-]*:[ \t])/.test(bytes.subarray(0, 200).toString('latin1'))
}

/** A bare diff in which every line ends in CRLF, git's own header lines too, was converted on its way. */
function withoutTransportCr(text: string): string {
  return /(?<!\r)\n/.test(text) ? text : text.replaceAll('\r\n', '\n')
}

/** The mails of an mbox in its order, each as a file of its own; any other file as it is. */
export async function splitMbox(file: PatchFile): Promise<PatchFile[]> {
  if (!isMail(file.bytes)) return [file]
  return withScratch(async (folder) => {
    const mails = await splitMails(file, folder)
    return Promise.all(mails.map(async (mail) => ({ ...file, bytes: await readFile(mail) })))
  })
}

async function decodeMails(file: PatchFile, folder: string): Promise<Message[]> {
  const { path, strip } = file
  const messages: Message[] = []
  for (const [index, mail] of (await splitMails(file, folder)).entries()) {
    messages.push({ strip, ...(await decodeMail(mail, { path, mail: index + 1, subject: '' })) })
  }
  return messages
}

/** @returns paths, in the folder */
async function splitMails({ path, bytes }: PatchFile, folder: string): Promise<string[]> {
  const failure = { code: 'FCT_PATCH_MAIL', doing: `splitting ${path} into mails` } as const
  await writeFile(join(folder, 'mbox'), bytes)
  await runGit(['mailsplit', '-b', '-d6', `-o${folder}`, '--', join(folder, 'mbox')], folder, failure)
  const mails = (await readdir(folder)).filter((name) => /^\d{6}$/.test(name)).sort()
  if (mails.length > mailLimit) {
    throw new FctError('FCT_PATCH_TOO_LARGE', `${path}: holds ${mails.length} mails, more than ${mailLimit}`)
  }
  return mails.map((name) => join(folder, name))
}

async function decodeMail(mail: string, origin: Origin): Promise<Omit<Message, 'strip'>> {
  const failure = {
    code: 'FCT_PATCH_MAIL',
    doing: `decoding ${origin.path}, mail ${origin.mail ?? 1}`,
  } as const
  const [commentaryFile, patchFile] = [`${mail}.commentary`, `${mail}.patch`]
  const info = await runGit(
    ['mailinfo', '-k', '--no-scissors', '--quoted-cr=strip', commentaryFile, patchFile],
    join(mail, '..'),
    failure,
    mail,
  )
  const commentary = await readFile(commentaryFile, 'latin1')
  const subject = readable(subjectOf(info) ?? subjectOf(unquotedHead(commentary)) ?? '')
  return { origin: { ...origin, subject }, commentary, patch: await readFile(patchFile, 'latin1') }
}

function subjectOf(headers: string): string | undefined {
  return /^Subject: (.+)$/m.exec(headers)?.[1]
}

/** Archives that strip white space break folded headers, so that the rest of the headers is taken for the body's start. */
function unquotedHead(text: string): string {
  return text.slice(0, Math.max(0, text.search(/^(?:>|$)/m)))
}
