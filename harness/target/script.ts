import { createHash } from 'node:crypto'
import type { BeginParams, ScriptedRequest } from '../agent/protocol.js'
import type { DrivePlan, Preparation } from './drive.js'

/** What a guest does that nobody talks to, in the order in which `drive` waits for it: up to where it is saved, */
export function scriptOfPreparation({ stage, prepare }: Preparation): ScriptedRequest[] {
  return [
    { method: 'stage', params: stage },
    { method: 'prepare', params: prepare },
  ]
}

/** and from there to its end. */
export function scriptOfRun({ load, seconds, quietMs }: DrivePlan): ScriptedRequest[] {
  return [
    { method: 'begin', params: beginParams(load.seed) },
    { method: 'load', params: load },
    { method: 'wait', params: { seconds } },
    { method: 'finish', params: { quietMs } },
    { method: 'leave', params: null },
  ]
}

/** Whatever the kernel draws at random follows from the seed, too. */
function beginParams(seed: string): BeginParams {
  return {
    now: Date.UTC(2026, 0, 2),
    entropy: createHash('sha512').update(seed).digest('base64'),
  }
}
