import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import { describe, expect, it } from 'vitest'
import { kcidbReport, type KcidbReport } from '../../../harness/export/kcidb.js'
import { failed } from '../campaign/night-runs.js'
import { kcidbConstraints } from './kcidb-constraints.js'
import { cleanNight, nasty, nastyNight } from './night.js'

const ajv = new Ajv({ allErrors: true })
addFormats.default(ajv)
const validate = ajv.compile(kcidbConstraints)

/** As it is sent: JSON, read again. */
function errorsOf(report: object): string[] {
  validate(JSON.parse(JSON.stringify(report)))
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`)
}

/** Objects that name none that is there. */
function orphans({ checkouts, builds, tests }: KcidbReport): string[] {
  const knownCheckouts = new Set(checkouts.map(({ id }) => id))
  const knownBuilds = new Set(builds.map(({ id }) => id))
  return [
    ...builds.filter((build) => !knownCheckouts.has(build.checkout_id)),
    ...tests.filter((test) => !knownBuilds.has(test.build_id)),
  ].map(({ id }) => id)
}

describe("kcidb's report", () => {
  const report = kcidbReport(nastyNight, 'fctorture')

  it.each([
    ['with everything', report],
    ['that is clean', kcidbReport(cleanNight, 'fctorture')],
    [
      'with more text than fits',
      kcidbReport({ ...nastyNight, runs: [failed(`${'x'.repeat(16_383)}\u{1f41b}${nasty}`)] }, 'fctorture'),
    ],
  ])('of a night %s keeps what the schema asks', (_, made) => {
    expect(errorsOf(made)).toEqual([])
    expect(orphans(made)).toEqual([])
  })

  it('is refused with an origin that kcidb does not take: the check can fail', () => {
    expect(errorsOf(kcidbReport(cleanNight, 'Our CI'))).toContain(
      '/tests/0/origin must match pattern "^[a-z0-9_]+$"',
    )
    const nul = { ...report, tests: report.tests.map((test) => ({ ...test, comment: '\0', duration: null })) }
    expect(errorsOf(nul)).toHaveLength(2 * report.tests.length)
  })

  it('says of each attempt what came of it', () => {
    expect(report.tests.map(({ status }) => status)).toEqual([
      'PASS',
      'FAIL',
      'FAIL',
      'MISS',
      'PASS',
      'ERROR',
      'SKIP',
      'MISS',
    ])
    expect(report.tests[6]!.path).toBe('fctorture.gc_1')
    expect(new Set(report.tests.map(({ id }) => id)).size).toBe(report.tests.length)
  })

  it('has one build per kernel, and one that is missing for what could not be built', () => {
    expect(report.builds.map(({ id, status }) => [id, status])).toEqual([
      ['fctorture:abc123', 'PASS'],
      ['fctorture:2026-01-02T01:00:00.000Z:debian:5.10 bare GC01 qemu', 'MISS'],
    ])
  })
})
