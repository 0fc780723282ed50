import { setTimeout as delay } from 'node:timers/promises'
import { createLogUpdate } from 'log-update'
import { watchedNothing, watchRow, type Watched } from '../campaign/watch.js'
import { watchText } from '../campaign/watch-text.js'
import { FctError } from '../fct-error.js'
import { isCampaignRunning } from '../store/campaign-lock.js'
import { HistoryReader } from '../store/history.js'
import { exitStatus } from './exit-status.js'

export interface WatchOptions {
  readonly store: string
}

/** The history is a file that another process writes, and it tells nobody: it is looked at so often, ms. */
const lookEveryMs = 250
/** A screen is printed so often where it cannot be renewed, ms. */
const plainEveryMs = 10_000

/**
 * Shows the newest campaign of a history until it has ended, its process is gone, or the user has seen enough.
 *
 * @throws FctError FCT_NO_CAMPAIGN, FCT_CAMPAIGN_STOPPED; FCT_STORE_* of a history that cannot be read
 */
export async function watchCommand(
  { store }: WatchOptions,
  signal: AbortSignal,
  output: NodeJS.WriteStream = process.stdout,
): Promise<number> {
  const history = new HistoryReader(store)
  const renew = output.isTTY ? createLogUpdate(output) : undefined
  let lastPlain = -Infinity
  const show = (text: string, isLast: boolean): void => {
    if (renew !== undefined) renew(text)
    else if (isLast || performance.now() - lastPlain >= plainEveryMs) {
      lastPlain = performance.now()
      output.write(`${text}\n`)
    }
  }
  try {
    const campaign = history.latestCampaign()
    if (campaign === undefined)
      throw new FctError(
        'FCT_NO_CAMPAIGN',
        `${store} knows of no campaign`,
        'fctorture nightly PLAN begins one.',
      )
    let state: Watched = watchedNothing
    let last = history.progressBefore(campaign.id)
    for (;;) {
      // Asked first: what it told before it ended is read after.
      const isRunning = isCampaignRunning(store)
      for (let rows = history.progressAfter(last); rows.length > 0; rows = history.progressAfter(last)) {
        for (const row of rows) if (row.campaign === campaign.id) state = watchRow(state, row)
        last = rows.at(-1)?.id ?? last
      }
      const isLast = state.outcome !== null || !isRunning
      show(
        watchText(state, campaign.name, { now: Date.now(), width: output.isTTY ? output.columns : Infinity }),
        isLast,
      )
      if (state.outcome !== null || signal.aborted) break
      if (!isRunning)
        throw new FctError(
          'FCT_CAMPAIGN_STOPPED',
          `nobody runs ${campaign.name}, and it has not ended`,
          'The command that began it goes on with it.',
        )
      await delay(lookEveryMs, undefined, { signal }).catch(() => undefined)
    }
    return exitStatus.pass
  } finally {
    renew?.done()
    history.close()
  }
}
