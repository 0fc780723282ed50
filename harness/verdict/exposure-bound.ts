/** -ln(0.05): with no failure in n trials, rates above 3/n are excluded at 95 % (the rule of three). */
const three = -Math.log(0.05)

/**
 * The highest failure rate per trial that `trials` trials without a failure leave open, at 95 %.
 *
 * @returns 1 if there were no trials: nothing is excluded.
 */
export function upperBound(trials: number): number {
  return trials > 0 ? Math.min(1, three / trials) : 1
}

/** What a PASS is worth, for one pair of stressors. */
export function describeExposure(pair: string, windows: number): string {
  const times = windows.toLocaleString('en-US')
  const rate = upperBound(windows).toExponential(1)
  const excluded = `a failure rate per window above ${rate} is excluded at 95 %`
  return `the dangerous window ${pair} was open ${times} times; ${excluded}`
}
