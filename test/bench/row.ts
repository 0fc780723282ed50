/** One line of the table: what was measured, whom it is compared with, and what it should come to. */
export interface Row {
  readonly what: string
  readonly ours: number
  /** Of `ours`, the peer and a bar that is a value. */
  readonly unit: string
  readonly better: 'more' | 'less'
  readonly peer?: Peer
  readonly bar?: Bar
}

/** What somebody else, or another way, reached in the same run on the same machine. */
export interface Peer {
  readonly name: string
  readonly value: number
}

/** What an issue asks for: to be so many times as good as the peer, or a value that is not to be missed. */
export type Bar = { readonly ratio: number } | { readonly value: number }

/** How many times as good as the peer; 2 is half the time, or twice as many a second. */
export function ratioOf({ ours, better, peer }: Row): number | undefined {
  return peer && timesAsGood(ours, peer.value, better)
}

/** How many times as good as the bar asks for; undefined where there is none. */
export function marginOf(row: Row): number | undefined {
  const { ours, better, bar } = row
  if (bar === undefined) return undefined
  if ('value' in bar) return timesAsGood(ours, bar.value, better)
  const ratio = ratioOf(row)
  return ratio === undefined ? NaN : ratio / bar.ratio
}

/** Undefined where there is no bar; what could not be measured has missed it. */
export function isMet(row: Row): boolean | undefined {
  const margin = marginOf(row)
  return margin === undefined ? undefined : margin >= 1
}

function timesAsGood(one: number, other: number, better: Row['better']): number {
  if (one === other) return 1
  const [over, under] = better === 'more' ? [one, other] : [other, one]
  // Nothing at all, or what came out below nothing because it cannot be told from it.
  return under <= 0 ? Infinity : over / under
}
