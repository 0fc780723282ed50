import { createServer, type Server, type Socket } from 'node:net'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { execa } from 'execa'
import { FctError, messageOf } from '../fct-error.js'
import { packageRoot } from '../folders.js'
import { readKallsyms, symbolFile } from '../replay/symbol-file.js'
import type { ReplayMachine, ReplayStarter } from '../target/deterministic-guest.js'

const commands = join(packageRoot, 'harness', 'replay', 'gdb', 'fct.py')

/**
 * Opens gdb at the finding of a recorded run (harness/replay/gdb/fct.py), and returns when the user leaves it.
 *
 * @param script Commands of gdb's that are worked through instead; empty: there is a user.
 * @throws FctError FCT_GDB_MISSING
 */
export async function debugRun(starter: ReplayStarter, script: string): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'fct-gdb-'))
  const symbols = join(folder, 'kernel')
  const session = await openSession(starter, folder)
  try {
    await writeFile(symbols, symbolFile(readKallsyms(starter.symbols)))
    const mode = script === '' ? [] : ['-batch']
    const then = script === '' ? [] : ['-x', script]
    const { exitCode, code } = await execa(
      'gdb',
      ['-nx', '-q', ...mode, ...quiet, symbols, '-x', commands, ...then],
      {
        reject: false,
        stdio: 'inherit',
        env: { FCT_SESSION: session.path },
      },
    )
    if (code === 'ENOENT')
      throw new FctError('FCT_GDB_MISSING', 'gdb is not installed', 'apt-get install gdb')
    return exitCode ?? -1
  } finally {
    await session.close()
    await rm(folder, { recursive: true })
  }
}

const quiet = ['confirm off', 'pagination off', 'architecture i386:x86-64'].flatMap((what) => [
  '-iex',
  `set ${what}`,
])

interface Session {
  readonly path: string
  close(): Promise<void>
}

/** Whoever says a line here gets a machine at the beginning, instead of the one before: the path of its socket, or why not. */
async function openSession(starter: ReplayStarter, folder: string): Promise<Session> {
  const path = join(folder, 'session')
  let machine: ReplayMachine | undefined
  let count = 0
  const begin = async (): Promise<string> => {
    await machine?.stop()
    const socket = join(folder, `machine-${String(++count)}`)
    machine = await starter.start(socket)
    return socket
  }
  const server = createServer((connection) => {
    createInterface(connection).once('line', () => {
      void answer(connection, begin)
    })
  })
  await listening(server, path)
  return {
    path,
    close: async () => {
      server.close()
      await machine?.stop()
    },
  }
}

async function answer(connection: Socket, begin: () => Promise<string>): Promise<void> {
  connection.end(`${await begin().catch(messageOf)}\n`)
}

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
}
