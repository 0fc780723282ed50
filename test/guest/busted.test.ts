import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runFctorture } from '../run-fctorture.js'

let runs = ''

beforeAll(async () => {
  runs = await mkdtemp(join(tmpdir(), 'fct-test-runs-'))
})

afterAll(() => rm(runs, { recursive: true }))

/** Real misdeeds, one for each class; missed_close is in module.test.ts, for it breaks no rule that there is yet. */
it.each([
  // Whom a misdeed has left with a freed file may die of its use before the put that would be one too many: all steps
  // before are those of a lawful life, and only the death tells.
  [
    'extra_put',
    /^((event-after-free|use-at-zero|put-without-acquire): |console-splat: (NULL pointer dereference|page fault|general protection fault) in \S+ from nfsd_)/,
  ],
  ['free_held', /^free-at-zero: /],
  ['leak', /^leak-after-shutdown: left/],
  // What a neighbour on the broken list is next, added or taken off, is a matter of luck.
  ['double_lru', /^(console-splat: list_(add|del) corruption|lru-alternates: )/],
  ['stuck_lru', /^idle-disposed: left on the LRU/],
])(
  'finds what a module that is busted by %s does, even if the guest dies of it',
  async (variant, signature) => {
    const { exitCode, result } = await runFctorture(runs, ['--busted', variant, '--time', '10'])
    expect({ verdict: result.verdict, exitCode }).toEqual({ verdict: 'FAIL', exitCode: 1 })
    expect(result.findings).toContainEqual(
      expect.objectContaining({ signature: expect.stringMatching(signature) as string }),
    )
    expect(result.live).toEqual({ gaveUp: null, withdrawn: [] })
    expect(result.findings.every(({ evidence }) => evidence.length > 0)).toBe(true)
    const at = result.findings.findIndex(({ object }) => object !== undefined)
    if (at >= 0) {
      const picture = await readFile(join(result.run, `finding-${at + 1}.svg`), 'utf8')
      expect(picture).toContain('<rect class="broken"')
      expect(await readFile(join(result.run, 'report.html'), 'utf8')).toContain(picture.trimEnd())
    }
  },
)

it('tells a finding while the run goes on, and ends the load by it if asked', async () => {
  const args = ['--busted', 'extra_put', '--time', '60', '--until-finding']
  const { exitCode, stderr, result } = await runFctorture(runs, args)
  expect({ verdict: result.verdict, exitCode }).toEqual({ verdict: 'FAIL', exitCode: 1 })
  expect(result.live).toEqual({ gaveUp: null, withdrawn: [] })
  const seconds = result.findings.flatMap(({ liveSecond }) => liveSecond ?? [])
  const first = Math.min(...seconds)
  expect(first).toBeGreaterThan(0)
  // The load had begun before the host heard of it, and went on until the guest heard that it was over.
  expect(first).toBeLessThan(60)
  expect(result.guestSeconds).toBeLessThan(60)
  const told = result.findings.find(({ liveSecond }) => liveSecond === first)
  expect(stderr).toContain(`found after ${first.toFixed(1)} s of load: ${told?.signature}`)
  expect(stderr.indexOf('found after')).toBeLessThan(stderr.indexOf('stopping the load'))
})
