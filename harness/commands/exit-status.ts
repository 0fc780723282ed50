/** Exit status of every command that judges: one table. Never a child's own status. */
export const exitStatus = {
  pass: 0,
  fail: 1,
  /** INCONCLUSIVE or ERROR; `git bisect run` skips it. */
  noVerdict: 125,
  /** fctorture itself failed. */
  failed: 128,
  usage: 129,
} as const
