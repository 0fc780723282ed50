import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { judgeNights } from '../../../harness/campaign/judge-nights.js'
import { composeNotice, type Notice } from '../../../harness/campaign/notice.js'
import { notify, parseNotifyWay, type NotifyOptions } from '../../../harness/campaign/notify.js'
import { UsageError } from '../../../harness/fct-error.js'
import { nasty } from '../export/night.js'
import { failed, nightRun, records, times, undecided } from './night-runs.js'

const options: NotifyOptions = {
  from: 'ci@example.org',
  to: 'nfsd@example.org',
  timeoutMs: 5000,
  waitsMs: [1, 1],
}
const changed = judgeNights(
  records(
    [failed('known'), nightRun()],
    [failed('known'), failed(nasty), undecided('ERROR', 'FCT_DISK_FULL'), nightRun()],
  ),
)
const notice = composeNotice(changed)!
let folder = ''
let server: Server | undefined

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fct-test-notify-'))
})

afterEach(async () => {
  server?.closeAllConnections()
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)))
  server = undefined
})

afterAll(() => rm(folder, { recursive: true }))

/** Answers each request with the next of these; 0 is no answer at all. */
async function serve(...answers: number[]): Promise<{ url: string; bodies: string[] }> {
  const bodies: string[] = []
  server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      const answer = answers[bodies.push(body) - 1] ?? 500
      if (answer > 0) response.writeHead(answer).end()
    })
  })
  await new Promise((resolve) => server?.listen(0, '127.0.0.1', () => resolve(undefined)))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${String(port)}/hook?token=secret`, bodies }
}

async function program(text: string): Promise<string> {
  const path = join(folder, 'program with blanks; touch oops')
  await writeFile(path, `#!/bin/sh\n${text}\n`)
  await chmod(path, 0o755)
  return path
}

describe('a notice', () => {
  it('has only what changed', () => {
    expect(notice.subject).toBe('fctorture nightly: 1 new, 1 new trouble')
    expect(notice.changes.map(({ about, what }) => [about, what])).toEqual([
      ['finding', nasty],
      ['trouble', 'FCT_DISK_FULL'],
    ])
  })

  it('is none if nothing changed', () => {
    const both = times(3, () => failed('known'))
    expect(composeNotice(judgeNights(records(both, both)))).toBeNull()
  })
})

describe('by a command', () => {
  it('gives it the notice on stdin, without a shell', async () => {
    const path = await program(`cat > '${folder}/got'; echo chatter`)
    const delivery = await notify(parseNotifyWay(`exec:${path}`), notice, options)
    expect(delivery).toEqual({ way: `exec:${path}`, isDelivered: true, failures: [] })
    expect(JSON.parse(await readFile(join(folder, 'got'), 'utf8'))).toEqual(
      JSON.parse(JSON.stringify(notice)) as Notice,
    )
  })

  it.each([
    ['that fails', 'exit 3', /exit code 3/],
    ['that hangs', 'exec sleep 60', /timed out/],
  ])('%s says so, and is not tried again', async (_, text, says) => {
    const way = parseNotifyWay(`exec:${await program(`echo x >> '${folder}/tries'\n${text}`)}`)
    await writeFile(join(folder, 'tries'), '')
    const { isDelivered, failures } = await notify(way, notice, { ...options, timeoutMs: 1000 })
    expect(isDelivered).toBe(false)
    expect(failures).toEqual([expect.stringMatching(says)])
    expect(await readFile(join(folder, 'tries'), 'utf8')).toBe('x\n')
  })

  it('that is not there says so', async () => {
    const { failures } = await notify(parseNotifyWay('exec:/nonexistent/program'), notice, options)
    expect(failures).toEqual([expect.stringMatching(/ENOENT/)])
  })
})

describe('by a webhook', () => {
  it('posts the notice once', async () => {
    const { url, bodies } = await serve(204)
    expect(await notify(parseNotifyWay(url), notice, options)).toMatchObject({
      isDelivered: true,
      failures: [],
    })
    expect(bodies.map((body) => JSON.parse(body) as unknown)).toEqual([JSON.parse(JSON.stringify(notice))])
  })

  it('tries again what may pass, and still tells of each failure, without the secret', async () => {
    const { url, bodies } = await serve(503, 429, 200)
    const delivery = await notify(parseNotifyWay(url), notice, options)
    expect(delivery).toMatchObject({ isDelivered: true, failures: ['it answered 503', 'it answered 429'] })
    expect(JSON.stringify(delivery)).not.toContain('secret')
    expect(bodies).toHaveLength(3)
  })

  it('gives up when told no, and after its last attempt', async () => {
    const refused = await serve(404)
    expect(await notify(parseNotifyWay(refused.url), notice, options)).toMatchObject({
      isDelivered: false,
      failures: ['it answered 404'],
    })
    server?.close()
    const broken = await serve(500, 500, 500, 200)
    expect((await notify(parseNotifyWay(broken.url), notice, options)).failures).toHaveLength(3)
  })

  it('waits for no answer longer than its time', async () => {
    const { url } = await serve(0)
    const { isDelivered, failures } = await notify(parseNotifyWay(url), notice, {
      ...options,
      timeoutMs: 200,
      waitsMs: [],
    })
    expect([isDelivered, failures]).toEqual([false, [expect.stringMatching(/timeout/)]])
  })

  it('says why nobody is there', async () => {
    const { failures } = await notify(parseNotifyWay('http://127.0.0.1:1/'), notice, {
      ...options,
      waitsMs: [],
    })
    expect(failures).toEqual([expect.stringMatching(/fetch failed: /)])
  })
})

describe('by mail', () => {
  const readMail = `
import email, email.policy, json, sys
message = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
print(json.dumps({"headers": dict(message.items()), "body": message.get_content(), "defects": [str(d) for d in message.defects]}))
`

  async function mail(
    sent: Notice,
  ): Promise<{ headers: Record<string, string>; body: string; defects: string[]; raw: string }> {
    const file = join(folder, 'mail')
    expect(await notify(parseNotifyWay(`mail:${file}`), sent, options)).toMatchObject({ isDelivered: true })
    const raw = await readFile(file, 'utf8')
    const { stdout } = await execa('python3', ['-c', readMail], { input: raw })
    return {
      ...(JSON.parse(stdout) as { headers: Record<string, string>; body: string; defects: string[] }),
      raw,
    }
  }

  it('is a message that a mail program reads, with all text and no header of a guest', async () => {
    const forged = `${'n\u00e4chtlich \u{1f41b} '.repeat(20)}\r\nBcc: all@example.org`
    const { headers, body, defects, raw } = await mail({ ...notice, subject: forged })
    expect(defects).toEqual([])
    expect(headers).toMatchObject({ From: options.from, To: options.to, 'MIME-Version': '1.0' })
    expect(headers).not.toHaveProperty('Bcc')
    expect(headers['Subject']).toContain('n\u00e4chtlich \u{1f41b} n\u00e4chtlich')
    expect(headers['Date']).toMatch(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000$/)
    expect(body).toContain('emoji \u{1f41b} 100 % a,b:c')
    expect(body).toContain('infrastructure, new: FCT_DISK_FULL')
    for (const line of raw.split('\r\n')) expect(line).toMatch(/^[ -~]{0,78}$/)
  })

  it('to a file that cannot be written says so', async () => {
    const { failures } = await notify(parseNotifyWay('mail:/nonexistent/mail'), notice, options)
    expect(failures).toEqual([expect.stringMatching(/ENOENT/)])
  })
})

it.each(['', 'exec:', 'ftp://example.org/', 'https://', 'someone@example.org'])('"%s" is no way', (text) => {
  expect(() => parseNotifyWay(text)).toThrow(UsageError)
})
