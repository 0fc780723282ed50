import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HistoryPages } from '../../../harness/commands/serve-pages.js'
import { startServer, type RunningServer } from '../../../harness/serve/server.js'
import { HistoryReader } from '../../../harness/store/history.js'
import { HistoryWriter } from '../../../harness/store/history-writer.js'
import { writeSyntheticHistory } from '../../bench/synthetic-history.js'

const folder = mkdtempSync(join(tmpdir(), 'fct-serve-'))
const file = join(folder, 'history.sqlite')
let history: HistoryReader
let server: RunningServer
let port: number

beforeAll(async () => {
  writeSyntheticHistory(file, { cells: 9, nights: 2, seeds: 1, signatures: 2 })
  writeFileSync(join(folder, 'secret.html'), 'secret')
  history = new HistoryReader(file)
  server = await startServer(new HistoryPages(history), { port: 0 })
  port = Number(new URL(server.address).port)
})

afterAll(async () => {
  await server.close()
  history.close()
  rmSync(folder, { recursive: true })
})

interface Asked {
  readonly path: string
  readonly method?: string
  readonly headers?: Record<string, string>
}

/** Paths go out as they are: fetch() would tidy them up. */
function ask({ path, method = 'GET', headers = {} }: Asked): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, method, headers }, resolve).on('error', reject).end()
  })
}

async function textOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

describe('startServer', () => {
  it('serves pages and what they load, never to be kept, under a strict policy', async () => {
    for (const path of [
      '/',
      '/index.html',
      '/signatures.html',
      '/diff.html',
      '/night-1.html',
      '/live.html',
      '/style.css',
      '/uplot.js',
    ]) {
      const answer = await ask({ path })
      expect([path, answer.statusCode]).toEqual([path, 200])
      expect(answer.headers['cache-control']).toBe('no-store')
      expect(answer.headers['x-content-type-options']).toBe('nosniff')
      expect(answer.headers['content-security-policy']).toContain(
        "default-src 'none'; style-src 'self'; script-src 'self'",
      )
      expect(answer.headers['content-security-policy']).not.toContain('unsafe')
      expect((await textOf(answer)).length).toBeGreaterThan(500)
    }
    const head = await ask({ path: '/', method: 'HEAD' })
    expect([head.statusCode, await textOf(head)]).toEqual([200, ''])
  })

  it('listens to this machine alone', () => {
    expect(server.address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/)
  })

  it('only reads', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const answer = await ask({ path: '/', method })
      expect([method, answer.statusCode]).toEqual([method, 405])
      answer.resume()
    }
  })

  it('answers to no name but its own: a page from elsewhere cannot get in by DNS', async () => {
    for (const host of [
      'evil.example',
      `evil.example:${String(port)}`,
      `127.0.0.1.evil.example:${String(port)}`,
      '127.0.0.1:1',
    ]) {
      const answer = await ask({ path: '/events', headers: { Host: host } })
      expect([host, answer.statusCode]).toEqual([host, 421])
      expect(await textOf(answer)).not.toContain('data:')
    }
    const local = await ask({ path: '/', headers: { Host: `localhost:${String(port)}` } })
    expect(local.statusCode).toBe(200)
    local.resume()
  })

  it('gives no file away, however it is asked', async () => {
    const paths = [
      '/secret.html',
      '/../secret.html',
      '/%2e%2e/secret.html',
      '/..%2fsecret.html',
      '/..\\secret.html',
      '//etc/passwd',
      '/etc/passwd',
      '/run-1.html/../../secret.html',
      '/run-..%2f..%2fsecret.html',
      '/run-999999999999.html',
      '/index.html%00.css',
      '/__proto__',
      '/history.sqlite',
    ]
    for (const path of paths) {
      const answer = await ask({ path })
      expect([path, answer.statusCode]).toEqual([path, 404])
      expect(await textOf(answer)).not.toContain('secret')
    }
  })

  it('tells what another process writes, and goes on where a reader was', async () => {
    const writer = new HistoryWriter(file)
    const { id } = writer.beginCampaign({
      name: 'nightly',
      started: '2026-02-01T02:00:00Z',
      seed: 3,
      plan: {},
    })
    writer.tell(id, { kind: 'campaign-started', planned: 4, done: 0 })
    const first = await nextEvent(await ask({ path: '/events' }))
    expect(first.data).toMatchObject({ campaign: id, event: { kind: 'campaign-started', planned: 4 } })
    const stream = await ask({ path: '/events', headers: { 'Last-Event-ID': first.id } })
    expect(stream.headers['content-type']).toContain('text/event-stream')
    writer.tell(id, { kind: 'campaign-ended', outcome: 'complete' })
    expect((await nextEvent(stream)).data).toMatchObject({ event: { kind: 'campaign-ended' } })
    writer.close()
  })

  it('says that a port is taken', async () => {
    const again = startServer(new HistoryPages(history), { port })
    await expect(again).rejects.toMatchObject({ code: 'FCT_SERVE_PORT' })
  })
})

async function nextEvent(stream: IncomingMessage): Promise<{ id: string; data: unknown }> {
  let text = ''
  for await (const chunk of stream) {
    text += String(chunk)
    const [, id, data] = /id: (\d+)\ndata: (.*)\n\n/.exec(text) ?? []
    if (id !== undefined && data !== undefined) return { id, data: JSON.parse(data) as unknown }
  }
  throw new Error(`the stream ended after: ${text}`)
}
