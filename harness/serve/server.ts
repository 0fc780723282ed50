import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { FctError, messageOf } from '../fct-error.js'
import { followEvents, type FollowedRow } from './event-stream.js'

/** What the server shows. */
export interface ServedPages {
  /** @param name One name, without any slash: `index.html`. */
  find(name: string): Promise<Served | undefined>
  /** What was told behind that row, in order; few at once. */
  follow(after: number): readonly FollowedRow[]
}

export interface Served {
  readonly kind: 'page' | 'style' | 'script' | 'report'
  readonly text: Iterable<string>
}

export interface RunningServer {
  /** `http://127.0.0.1:8080/` */
  readonly address: string
  close(): Promise<void>
}

const types = {
  page: 'text/html; charset=utf-8',
  report: 'text/html; charset=utf-8',
  style: 'text/css; charset=utf-8',
  script: 'text/javascript; charset=utf-8',
} as const

/** A report is one file with all in it, and says itself by hash which scripts are its own (report/page.ts). */
const policies = {
  page: "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  report: "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; connect-src 'none'",
} as const

/**
 * Serves pages to browsers of this machine. There is nothing but reading, so that nothing needs a token: every request but GET and
 * HEAD is refused, and so is one that names another host than this, which is how a page from elsewhere would get in by DNS.
 *
 * @param port Of 127.0.0.1; 0: any that is free
 * @throws FctError FCT_SERVE_PORT
 */
export async function startServer(
  pages: ServedPages,
  { port }: { readonly port: number },
): Promise<RunningServer> {
  const server = createServer((request, response) => {
    answer(pages, request, response).catch((error: unknown) => {
      fail(response, error)
    })
  })
  await listen(server, port)
  const { port: used } = server.address() as AddressInfo
  return {
    address: `http://127.0.0.1:${String(used)}/`,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch (error) {
    throw new FctError('FCT_SERVE_PORT', `cannot listen at 127.0.0.1:${String(port)}`, messageOf(error), {
      cause: error,
    })
  }
}

async function answer(pages: ServedPages, request: IncomingMessage, response: ServerResponse): Promise<void> {
  setHeaders(response)
  const { method = '', url = '', headers } = request
  const port = (request.socket.address() as AddressInfo).port
  if (!isOurs(headers.host, port)) {
    refuse(response, 421, 'this server answers to 127.0.0.1 and localhost')
    return
  }
  if (method !== 'GET' && method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD')
    refuse(response, 405, 'there is nothing but reading here')
    return
  }
  const name = nameOf(url)
  if (name === 'events' && method === 'GET') {
    followEvents((after) => pages.follow(after), request, response)
    return
  }
  const served = name === undefined ? undefined : await pages.find(name)
  if (served === undefined) refuse(response, 404, 'there is no such page')
  else send(served, method, response)
}

/** Nothing is kept by anybody in between, or by the browser: each page says what is so now. */
function setHeaders(response: ServerResponse): void {
  response.setHeader('Cache-Control', 'no-store')
  response.setHeader('X-Content-Type-Options', 'nosniff')
  response.setHeader('Referrer-Policy', 'no-referrer')
  response.setHeader('Cross-Origin-Resource-Policy', 'same-origin')
  response.setHeader('Cross-Origin-Opener-Policy', 'same-origin')
  response.setHeader('X-Frame-Options', 'DENY')
  response.setHeader('Content-Security-Policy', policies.page)
}

function isOurs(host: string | undefined, port: number): boolean {
  return host === `127.0.0.1:${String(port)}` || host === `localhost:${String(port)}`
}

/** Pages have plain names; what is not one is not there. Names are looked up, never opened. */
function nameOf(url: string): string | undefined {
  const [path = ''] = url.split('?')
  if (path === '/') return 'index.html'
  return /^\/([a-z0-9-]+(?:\.(?:html|css|js))?)$/.exec(path)?.[1]
}

function send({ kind, text }: Served, method: string, response: ServerResponse): void {
  response.setHeader('Content-Type', types[kind])
  response.setHeader('Content-Security-Policy', policies[kind === 'report' ? 'report' : 'page'])
  if (method === 'HEAD') {
    response.end()
    return
  }
  const body = Readable.from(text)
  body.on('error', () => response.destroy())
  response.on('close', () => body.destroy())
  body.pipe(response)
}

function refuse(response: ServerResponse, status: number, why: string): void {
  response.statusCode = status
  response.setHeader('Content-Type', 'text/plain; charset=utf-8')
  response.end(`${why}\n`)
}

function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent) response.destroy()
  else refuse(response, 500, messageOf(error))
}
