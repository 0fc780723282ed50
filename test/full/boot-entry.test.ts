import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { fctorture, resetIt, showConsole, startHardware, type Hardware } from '../guest/hardware/hardware.js'
import { haveOwnTemporaryFolder } from '../leftovers.js'
import { obtainStockKernel } from '../stock-kernel.js'

let hardware: Hardware
let end: () => Promise<void>

beforeAll(async () => {
  ;({ end } = await haveOwnTemporaryFolder())
  hardware = await startHardware(await obtainStockKernel(), { hasGrub: true })
})

afterAll(async () => {
  await hardware.end()
  await end()
})

beforeEach(({ onTestFailed }) => {
  showConsole(hardware, onTestFailed)
})

/** What of a deployment is there, beside what runs. */
const look = 'uname -r; ls /lib/modules /var/tmp /boot/grub'

it('GRUB boots another kernel once; then its own again, and nothing is left when that is wanted', async () => {
  const before = await hardware.ssh(look)
  const options = await hardware.known({ reset: hardware.hooks.reset }, { bootSeconds: 180 })
  const words = ['debian:5.10', '--by', 'grub', '--json', ...options]
  const { stdout, stderr } = await fctorture('deploy', ...words)
  expect(stderr).not.toContain('FCT_')
  const { release } = JSON.parse(stdout) as { release: string }
  expect(release).toMatch(/^5\.10\./)
  expect(await hardware.ssh('uname -r; grub-editenv list')).toBe(`${release}\nnext_entry=`)
  expect(hardware.console()).toContain("Booting `fctorture'")
  await resetIt(hardware)
  expect(await hardware.ssh('uname -r')).toMatch(/^6\.1\./)
  await fctorture('deploy', '--remove', ...options)
  expect(await hardware.ssh(look)).toBe(before)
})

it('GRUB boots its own kernel again where another one dies at once, and nothing is left of that', async () => {
  const before = await hardware.ssh(look)
  const options = await hardware.known({}, { bootSeconds: 180 })
  const words = ['debian:5.10', '--by', 'grub', '--append', 'rdinit=/none', ...options]
  const { stderr, exitCode } = await fctorture('deploy', ...words)
  expect(stderr).toMatch(/FCT_DEPLOY_NO_ANSWER: 5\.10\..* does not answer\n.*booted by itself/)
  expect(exitCode).toBe(128)
  expect(hardware.console()).toContain('Kernel panic - not syncing: VFS: Unable to mount root fs')
  expect(await hardware.ssh(look)).toBe(before)
})
