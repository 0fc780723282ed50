import { secondsOfLoad, type Attempt } from './attempt.js'

/** How often a defect was found, in so many seconds of load. */
export interface DetectionRate {
  readonly detections: number
  readonly seconds: number
}

/** How much more often; `isBound`: at the least, as nothing was found without the module. */
export interface Gain {
  readonly factor: number
  readonly isBound: boolean
}

/** Breaches of these rules, and the load of the runs until their ends. */
export function rateOf(rules: readonly string[], attempts: readonly Attempt[]): DetectionRate {
  const found = attempts.flatMap(({ result }) => result.findings).filter(({ rule }) => rules.includes(rule))
  return {
    detections: found.reduce((sum, { count }) => sum + count, 0),
    seconds: attempts.reduce((sum, attempt) => sum + secondsOfLoad(attempt), 0),
  }
}

export function perMinute({ detections, seconds }: DetectionRate): number {
  return seconds > 0 ? (60 * detections) / seconds : 0
}

/** Nothing found counts as once in all that time. Null if there is nothing to compare. */
export function gainOf(tortured: DetectionRate, alone: DetectionRate): Gain | null {
  const isBound = alone.detections === 0
  const rate = perMinute(isBound ? { ...alone, detections: 1 } : alone)
  return tortured.detections === 0 || rate === 0 ? null : { factor: perMinute(tortured) / rate, isBound }
}

/** The middle one, of two the lower. */
export function medianGain(gains: readonly Gain[]): Gain | null {
  const sorted = [...gains].sort((a, b) => a.factor - b.factor)
  return sorted[Math.ceil(sorted.length / 2) - 1] ?? null
}
