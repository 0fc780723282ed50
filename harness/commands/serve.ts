import { once } from 'node:events'
import { startServer } from '../serve/server.js'
import { HistoryReader } from '../store/history.js'
import { exitStatus } from './exit-status.js'
import { HistoryPages } from './serve-pages.js'

export interface ServeOptions {
  readonly port: number
  readonly history: string
}

/** Serves until it is interrupted; prints the address. */
export async function serveCommand(
  { port, history: file }: ServeOptions,
  signal: AbortSignal,
): Promise<number> {
  const history = new HistoryReader(file)
  try {
    const server = await startServer(new HistoryPages(history), { port })
    process.stdout.write(`${server.address}\n`)
    if (!signal.aborted) await once(signal, 'abort')
    await server.close()
    return exitStatus.pass
  } finally {
    history.close()
  }
}
