import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ResultDocument } from '../../harness/verdict/result.js'
import { loadOf, runOn, startHardware, tracesOn, type Hardware } from '../guest/hardware/hardware.js'
import { haveOwnTemporaryFolder } from '../leftovers.js'
import { obtainStockKernel } from '../stock-kernel.js'

let hardware: Hardware
let runs = ''
let end: () => Promise<void>

beforeAll(async () => {
  ;({ runs, end } = await haveOwnTemporaryFolder())
  hardware = await startHardware(await obtainStockKernel())
})

afterAll(async () => {
  await hardware.end()
  await end()
})

it('goes on while its cable is pulled, and nothing is lost', async () => {
  const going = runOn(hardware, runs, '--kernel', 'debian:6.1', '--time', '30')
  await loadOf(going)
  await hardware.setLink(false)
  await delay(30_000)
  await hardware.setLink(true)
  const { stdout, stderr } = await going
  const result = JSON.parse(stdout) as ResultDocument
  expect(result.reasons, stderr).toEqual([])
  expect(result).toMatchObject({ verdict: 'PASS', events: { lost: 0, unexplained: 0 } })
  expect(result.guestSeconds).toBeGreaterThan(30)
})

it('is left as it was by a run that the user stops', async () => {
  const before = await tracesOn(hardware)
  const going = runOn(hardware, runs, '--kernel', 'debian:6.1', '--time', '60')
  await loadOf(going)
  going.kill('SIGINT')
  const { stdout } = await going
  expect(JSON.parse(stdout)).toMatchObject({ verdict: 'ERROR', reasons: [{ code: 'FCT_INTERRUPTED' }] })
  expect(await tracesOn(hardware)).toBe(before)
})
