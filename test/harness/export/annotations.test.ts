import { describe, expect, it } from 'vitest'
import { judgeNights } from '../../../harness/campaign/judge-nights.js'
import { githubCommands, gitlabIssues } from '../../../harness/export/annotations.js'
import { failed, nightRun, records, times } from '../campaign/night-runs.js'
import { cleanNight, nasty, nastyNight } from './night.js'

/** Reads a line as the runner does: properties up to the second `::`, then the rest is the message; escapes undone, `%` last. */
function readCommand(line: string): { level: string; title: string; message: string } {
  const [, level = '', title = '', message = ''] = /^::(\w+) title=([^,:]*)::(.*)$/.exec(line) ?? []
  const data = (text: string): string =>
    text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%')
  return { level, title: data(title.replaceAll('%3A', ':').replaceAll('%2C', ',')), message: data(message) }
}

/** A finding of one night that the next one excludes. */
const gone = judgeNights(
  records(
    times(20, () => failed('leak')),
    times(20, () => nightRun()),
  ),
)

describe('for GitHub', () => {
  const read = [...githubCommands(nastyNight.judgement)].map(readCommand)

  it('tells of findings that are new as errors first, of trouble as warnings', () => {
    expect(read.map(({ level, title }) => [level, title.slice(0, 22)])).toEqual([
      ['error', 'new: leak of an nfsd_f'],
      ['error', 'new: <script>alert("1"'],
      ['warning', 'new: FCT_QEMU_DIED'],
      ['warning', 'new: FCT_GUEST_TIMEOUT'],
      ['warning', 'new: FCT_STRESSOR_ABSE'],
      ['warning', 'new: FCT_KERNEL_BUILD'],
    ])
  })

  it('is a line each, whatever the guest says, and reads back', () => {
    const lines = [...githubCommands(nastyNight.judgement)]
    for (const line of lines) expect(line).toMatch(/^::[^\r\n]*$/)
    const kept = nasty.replaceAll('\r\n', '\n').replace(/(?![\n\t])[\p{Cc}\u202e]/gu, '\ufffd')
    expect(read[1]!.title).toBe(`new: ${kept}`)
    expect(read[1]!.message).toMatch(/: 1 of 4 runs \(25 %, .*; before 0 of 20 runs/)
  })

  it('tells that something is gone once, and nothing of a clean night', () => {
    expect([...githubCommands(gone)].map((line) => readCommand(line).level)).toEqual(['notice'])
    expect([...githubCommands(cleanNight.judgement)]).toEqual([])
  })
})

describe('for GitLab', () => {
  it('is an issue each, with a fingerprint that stays from night to night and differs between cells and signatures', () => {
    const [first] = gitlabIssues(judgeNights(records([failed('leak')])), 'ci/plan.yaml')
    const [second] = gitlabIssues(
      judgeNights(records([failed('leak')], [failed('leak'), nightRun()])),
      'ci/plan.yaml',
    )
    expect(first).toMatchObject({
      severity: 'critical',
      location: { path: 'ci/plan.yaml', lines: { begin: 1 } },
    })
    expect(second).toMatchObject({ severity: 'major', fingerprint: first!.fingerprint })
    const all = gitlabIssues(nastyNight.judgement, 'plan.yaml')
    expect(new Set(all.map(({ fingerprint }) => fingerprint)).size).toBe(6)
  })

  it('has nothing of what is gone, which is how GitLab learns that it is resolved', () => {
    expect(gitlabIssues(gone, 'plan.yaml')).toEqual([])
  })
})
