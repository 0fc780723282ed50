import { randomBytes } from 'node:crypto'
import type { BeginParams } from '../agent/protocol.js'

/** For a guest that may have stood still for days. */
export function freshParams(): BeginParams {
  return { now: Date.now(), entropy: randomBytes(64).toString('base64') }
}
