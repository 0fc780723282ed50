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
  const screen = openScreen(output)
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
      const isOver = state.outcome !== null
      screen.show(
        watchText(state, campaign.name, { now: Date.now(), width: screen.width() }),
        isOver || !isRunning,
      )
      if (isOver || signal.aborted) return exitStatus.pass
      if (!isRunning)
        throw new FctError(
          'FCT_CAMPAIGN_STOPPED',
          `nobody runs ${campaign.name}, and it has not ended`,
          'The command that began it goes on with it.',
        )
      await delay(lookEveryMs, undefined, { signal }).catch(() => undefined)
    }
  } finally {
    screen.close()
    history.close()
  }
}

interface Screen {
  /** In characters. */
  width(): number
  show(text: string, isLast: boolean): void
  close(): void
}

/** A terminal's is renewed; elsewhere one comes after the other, now and then. */
function openScreen(output: NodeJS.WriteStream): Screen {
  if (output.isTTY) {
    const renew = createLogUpdate(output)
    return {
      width: () => output.columns,
      show: (text) => {
        renew(text)
      },
      close: () => {
        renew.done()
      },
    }
  }
  let lastPlain = -Infinity
  return {
    width: () => Infinity,
    show: (text, isLast) => {
      if (!isLast && performance.now() - lastPlain < plainEveryMs) return
      lastPlain = performance.now()
      output.write(`${text}\n`)
    },
    close: () => undefined,
  }
}
