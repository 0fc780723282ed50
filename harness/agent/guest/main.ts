/**
 * The agent: runs in the target, does what the host asks over the control channel, one request after the other.
 * It is bundled into one file (dist/agent.cjs) and needs nothing but Node and the addon.
 */
import { createReadStream, writeSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { release } from 'node:os'
import { createInterface } from 'node:readline'
import { FctError, messageOf } from '../../fct-error.js'
import { controlPort, type Answer, type Failure, type Request, type Upward } from '../protocol.js'
import { findPort } from './ports.js'
import { createTorture, type Torture } from './torture.js'

async function main(): Promise<void> {
  const path = findPort(controlPort)
  const port = await open(path, 'r+')
  // One small write per message; the host always reads, so a blocking write is short.
  const send = (message: Upward): void => {
    writeSync(port.fd, JSON.stringify(message) + '\n')
  }
  const torture = createTorture(send)
  send({ notice: 'hello', node: process.version, release: release() })
  for await (const line of createInterface({
    input: createReadStream(path, { fd: port.fd, autoClose: false }),
  })) {
    const request = JSON.parse(line) as Request
    send(await answer(torture, request))
    if (request.method === 'leave') break
  }
  process.exit(0)
}

async function answer(torture: Torture, request: Request): Promise<Answer> {
  try {
    const handler = torture[request.method] as (params: unknown) => Promise<unknown>
    return { id: request.id, result: await handler(request.params) }
  } catch (error) {
    return { id: request.id, failure: describeFailure(error) }
  }
}

function describeFailure(error: unknown): Failure {
  if (error instanceof FctError) return { code: error.code, message: error.message, detail: error.detail }
  const detail = error instanceof Error ? (error.stack ?? '') : ''
  return { code: 'FCT_AGENT_FAILED', message: `the agent failed: ${messageOf(error)}`, detail }
}

main().catch((error: unknown) => {
  console.error(`fct-agent: ${messageOf(error)}`)
  process.exit(1)
})
