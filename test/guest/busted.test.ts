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
  ['extra_put', /^(event-after-free|use-at-zero|put-without-acquire): /],
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
    expect(result.findings.every(({ evidence }) => evidence.length > 0)).toBe(true)
    const at = result.findings.findIndex(({ object }) => object !== undefined)
    if (at >= 0) {
      const picture = await readFile(join(result.run, `finding-${at + 1}.svg`), 'utf8')
      expect(picture).toContain('<rect class="broken"')
      expect(await readFile(join(result.run, 'report.html'), 'utf8')).toContain(picture.trimEnd())
    }
  },
)
