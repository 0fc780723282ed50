import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { FctError } from '../fct-error.js'
import { traceDatName } from '../store/run-trace.js'

type Inputs = Readonly<Record<string, string>>

/** @throws FctError FCT_REPLAY_INPUTS with what differs */
export function requireSame(then: Inputs, now: Inputs): void {
  const names = [...new Set([...Object.keys(then), ...Object.keys(now)])]
  const differing = names.filter((name) => then[name] !== now[name])
  if (differing.length === 0) return
  const lines = differing.map((name) => `${name}: ${then[name] ?? 'none'} then, ${now[name] ?? 'none'} now`)
  throw new FctError(
    'FCT_REPLAY_INPUTS',
    `this would not be the same run again: ${differing.join(', ')} ${differing.length === 1 ? 'is' : 'are'} not what it was`,
    lines.join('\n'),
  )
}

/** Whether two runs said and did the same, byte for byte. */
export interface Sameness {
  readonly console: boolean
  /** All events, with their stamps. */
  readonly stream: boolean
}

/** @throws FctError FCT_RUN_INVALID if one of them has no console or no whole trace */
export async function compareRuns(one: string, other: string): Promise<Sameness> {
  const isSame = async (name: string): Promise<boolean> => {
    return (await hashOfFile(join(one, name))) === (await hashOfFile(join(other, name)))
  }
  return { console: await isSame('console.log'), stream: await isSame(traceDatName) }
}

async function hashOfFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  try {
    await pipeline(createReadStream(path), hash)
  } catch (error) {
    throw new FctError('FCT_RUN_INVALID', `${path} cannot be read`, String(error), { cause: error })
  }
  return hash.digest('hex')
}
