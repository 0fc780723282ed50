import type { CampaignOutcome, LoadRates, ProgressPlace, ProgressRow } from '../store/history-records.js'

/** What of a campaign can be seen while it goes on. */
export interface Watched {
  /** Campaign.id; 0 before anything was told. */
  readonly campaign: number
  readonly planned: number
  readonly done: number
  readonly failed: number
  /** Runs that ended without a verdict. */
  readonly without: number
  readonly guests: readonly WatchedGuest[]
  /** The newest last. */
  readonly findings: readonly WatchedFinding[]
  /** Null while it goes on. */
  readonly outcome: CampaignOutcome | null
  /** Runs done, and when: since this process took the campaign up. Tells what is left. */
  readonly since: { readonly at: string; readonly done: number }
}

export interface WatchedGuest extends ProgressPlace {
  readonly loadSeconds: number
  readonly phase: string
  readonly rates: LoadRates | null
}

export interface WatchedFinding {
  readonly cell: string
  readonly seed: number
  readonly signature: string
  /** How often it was told. */
  readonly times: number
}

/** Before anything was told. */
export const watchedNothing: Watched = {
  ...{ campaign: 0, planned: 0, done: 0, failed: 0, without: 0, guests: [], findings: [], outcome: null },
  since: { at: '', done: 0 },
}

/** The state after one more row of `progress`. Pure. Another campaign's first row begins anew. */
export function watchRow(before: Watched, { campaign, at, event }: ProgressRow): Watched {
  const state =
    campaign === before.campaign ? before : { ...watchedNothing, campaign, since: { at, done: 0 } }
  switch (event.kind) {
    case 'campaign-started':
    case 'campaign-resumed': {
      const { planned, done } = event
      return { ...state, planned, done, guests: [], outcome: null, since: { at, done } }
    }
    case 'run-started': {
      const { cell, seed, attempt, loadSeconds } = event
      const guest = { cell, seed, attempt, loadSeconds, phase: 'starts', rates: null }
      return { ...state, guests: [...state.guests, guest] }
    }
    case 'phase':
      return changeGuest(state, event, { phase: event.phase })
    case 'load':
      return changeGuest(state, event, { phase: 'load', rates: event.rates })
    case 'finding':
      return { ...state, findings: noteFinding(state.findings, event) }
    case 'run-ended': {
      const { verdict } = event
      return {
        ...withoutGuest(state, event),
        done: state.done + 1,
        failed: state.failed + Number(verdict === 'FAIL'),
        without: state.without + Number(verdict === 'INCONCLUSIVE' || verdict === 'ERROR'),
      }
    }
    case 'run-lost':
      return withoutGuest(state, event)
    case 'target-out':
      return state
    case 'campaign-ended':
      return { ...state, guests: [], outcome: event.outcome }
  }
}

/** Seconds that the rest takes if it goes on as it did; null: nothing tells yet. */
export function secondsLeft({ planned, done, since }: Watched, now: number): number | null {
  const made = done - since.done
  if (made === 0) return null
  return ((now - Date.parse(since.at)) / 1000 / made) * Math.max(planned - done, 0)
}

function isOf(place: ProgressPlace): (guest: ProgressPlace) => boolean {
  return ({ cell, seed, attempt }) => cell === place.cell && seed === place.seed && attempt === place.attempt
}

function changeGuest(state: Watched, place: ProgressPlace, change: Partial<WatchedGuest>): Watched {
  const isIt = isOf(place)
  return { ...state, guests: state.guests.map((guest) => (isIt(guest) ? { ...guest, ...change } : guest)) }
}

function withoutGuest(state: Watched, place: ProgressPlace): Watched {
  const isIt = isOf(place)
  return { ...state, guests: state.guests.filter((guest) => !isIt(guest)) }
}

function noteFinding(
  findings: readonly WatchedFinding[],
  { cell, seed, signature }: Omit<WatchedFinding, 'times'>,
): WatchedFinding[] {
  const times = findings.find((each) => each.signature === signature)?.times ?? 0
  const others = findings.filter((each) => each.signature !== signature)
  return [...others, { cell, seed, signature, times: times + 1 }]
}
