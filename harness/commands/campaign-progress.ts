import pc from 'picocolors'
import { formatSeconds, printable } from '../report/figures.js'
import type { Campaign, ProgressEvent } from '../store/history-records.js'

/** Says which run of how many it is, what the last one came to, and how long the night still takes. What a run does, it says itself. */
export function showCampaignProgress(
  output: NodeJS.WriteStream,
  campaign: Campaign,
): { onEvent(event: ProgressEvent): void } {
  let [planned, done] = [0, 0]
  const began = Date.now()
  const before = { done: 0 }
  const write = (text: string): boolean => output.write(`${printable(text)}\n`)
  return {
    onEvent: (event) => {
      if (event.kind === 'campaign-started' || event.kind === 'campaign-resumed') {
        ;({ planned, done } = event)
        before.done = done
        const goesOn = event.kind === 'campaign-resumed' ? ` goes on: ${String(done)} done` : ''
        write(`${campaign.name}, seed ${String(campaign.seed)}${goesOn}, ${String(planned)} runs foreseen`)
      } else if (event.kind === 'run-started') {
        const { cell, seed, attempt } = event
        const again = attempt === 1 ? '' : `, attempt ${String(attempt)}`
        write(
          `[${String(done + 1)}/${String(Math.max(planned, done + 1))}] ${cell}, seed ${String(seed)}${again}`,
        )
      } else if (event.kind === 'run-ended') {
        done++
        const left = ((Date.now() - began) / (done - before.done)) * Math.max(planned - done, 0)
        const paint = event.verdict === 'FAIL' ? pc.red : event.verdict === 'PASS' ? pc.green : pc.yellow
        output.write(`${paint(event.verdict)}  about ${formatSeconds(left / 1000)} left\n`)
      } else if (event.kind === 'run-lost') {
        write(`nothing came of ${event.cell}, seed ${String(event.seed)}, attempt ${String(event.attempt)}`)
      } else if (event.kind === 'target-out') {
        write(`${event.target} is left out for the rest of the night: ${event.reason}`)
      }
    },
  }
}
