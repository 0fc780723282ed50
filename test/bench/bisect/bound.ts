import type { History } from '../../../harness/bisect/history.js'

/**
 * Runs that no way of searching can do without on average, however clever and told the rate: what is to be learned of the
 * culprit to name it with the confidence (Fano), by what a run can tell at most. A run is a Z channel, for it never fails at a
 * good commit.
 */
export function leastRuns(
  { candidates }: History,
  { rate, errorRate, confidence }: { rate: number; errorRate: number; confidence: number },
): number {
  const sum = candidates.reduce((total, { weight }) => total + weight, 0)
  const prior = candidates.reduce((total, { weight }) => total + bits(weight / sum), 0)
  const doubt = 1 - confidence
  const left = bits(doubt) + bits(confidence) + doubt * Math.log2(candidates.length - 1)
  return Math.max(0, prior - left) / (capacity(rate) * (1 - errorRate))
}

/** Of a Z channel, in bits a use. */
export function capacity(rate: number): number {
  return Math.log2(1 + rate * Math.pow(1 - rate, (1 - rate) / rate))
}

function bits(probability: number): number {
  return probability > 0 ? -probability * Math.log2(probability) : 0
}
