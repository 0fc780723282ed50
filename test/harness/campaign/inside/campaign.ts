/** A campaign in a process of its own, to be killed: STORE RUNS PLAN LOG. */
import { readPlan } from '../../../../harness/campaign/plan.js'
import { openNight, runCampaign } from '../../../../harness/campaign/run-campaign.js'
import { lockCampaigns } from '../../../../harness/store/campaign-lock.js'
import { HistoryWriter } from '../../../../harness/store/history-writer.js'
import { smallExecutor } from './small-executor.js'

const [path = '', runs = '', planFile = '', log = ''] = process.argv.slice(2)
lockCampaigns(path)
const plan = readPlan(planFile)
const store = new HistoryWriter(path)
const campaign = openNight(plan, store, { fresh: false, seed: 7, now: new Date() })
const executor = smallExecutor(
  log,
  ({ options, attempt }) => ({
    verdict: options.seed % 5 === 0 && attempt === 1 ? 'ERROR' : options.seed % 3 === 0 ? 'FAIL' : 'PASS',
    signatures: options.seed % 3 === 0 ? ['use-at-zero: put'] : [],
  }),
  { ms: 20, slots: 2 },
)
const observer = { onEvent: () => undefined }
const { signal } = new AbortController()
process.stdout.write(await runCampaign(plan, campaign, { store, executor, runs, signal, observer }))
