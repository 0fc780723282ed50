import { describe, expect, it } from 'vitest'
import { parseWanted, readRun, untilFindingOf, type RunReading } from '../../../harness/bisect/read-run.js'
import type { ResultDocument } from '../../../harness/verdict/result.js'
import { failed, passed } from '../report/sample-run.js'

const [found] = failed.findings
const signature = found?.signature ?? ''

function read(result: Partial<ResultDocument>, wanted = 'event-after-free', seconds = 30): RunReading {
  return readRun({ ...passed, ...result }, parseWanted(wanted), seconds)
}

describe('a run', () => {
  it('with what is looked for is a hit, whatever else is wrong with it', () => {
    for (const wanted of ['event-after-free', signature])
      expect(read(failed, wanted)).toMatchObject({ isHit: true, nothing: undefined, trouble: undefined })
    expect(read(failed).others).toEqual([failed.findings[1]?.signature])
  })

  it('with another finding, or another signature of the rule, is a miss that names it', () => {
    const reasons = failed.reasons.slice(0, 1)
    for (const wanted of ['free-at-zero', 'event-after-free: nfsd_file_open after nfsd_file_free']) {
      const reading = read({ ...failed, reasons }, wanted)
      expect(reading).toMatchObject({ isHit: false, nothing: undefined })
      expect(reading.others).toContain(signature)
    }
  })

  it.each(['FAIL', 'INCONCLUSIVE'] as const)('that is %s as something is missing says nothing', (verdict) => {
    expect(read({ ...failed, verdict }, 'free-at-zero')).toMatchObject({
      isHit: false,
      nothing: 'FCT_TRACE_UNACCOUNTED: the target could not say how many events it had produced',
      trouble: undefined,
    })
  })

  it('that another finding cut short says nothing', () => {
    expect(read({ guestSeconds: 26 }).nothing).toBe('the load ended after 26.0 of 30 s')
    expect(read({ guestSeconds: 27 }).nothing).toBeUndefined()
  })

  it.each([
    ['FCT_NFSD_BUILD', 'unbuildable'],
    ['FCT_PATCH_DOES_NOT_APPLY', 'unbuildable'],
    ['FCT_GUEST_BOOT', 'neither'],
    ['FCT_DISK_FULL', 'trouble'],
  ] as const)('that is an ERROR by %s says nothing: %s', (code, kind) => {
    const reasons = [{ code, message: 'so it is' }]
    const said = `${code}: so it is`
    expect(read({ verdict: 'ERROR', exit: 125, guestSeconds: 0, reasons })).toMatchObject({
      isHit: false,
      nothing: said,
      unbuildable: kind === 'unbuildable' ? said : undefined,
      trouble: kind === 'trouble' ? code : undefined,
    })
  })

  it('was exposed by the second of its load; without a load to nothing', () => {
    expect(read({}).exposure).toEqual({
      'close*acquire': 411.5,
      'close*gc': 7 / 30,
      'gc*gc': 0,
      'useful close': 100,
      events: 4115.2,
    })
    expect(new Set(Object.values(read({ guestSeconds: 0 }).exposure))).toEqual(new Set([0]))
  })
})

it('a load ends at the first finding, if that is seen before its end', () => {
  expect(untilFindingOf(parseWanted('free-at-zero'))).toEqual(['free-at-zero'])
  expect(untilFindingOf(parseWanted('resource-leak'))).toBe(false)
})
