import { readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ResultDocument } from '../../harness/verdict/result.js'
import { haveOwnTemporaryFolder } from '../leftovers.js'
import { obtainStockKernel } from '../stock-kernel.js'
import { loadOf, runOn, startHardware, tracesOn, type Hardware } from '../guest/hardware/hardware.js'

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

describe('a machine that is reached over ssh', () => {
  it('is tortured like a guest, and left as it was', async () => {
    const before = await tracesOn(hardware)
    const { stdout, stderr, exitCode } = await runOn(hardware, runs, '--kernel', 'debian:6.1', '--time', '5')
    const result = JSON.parse(stdout) as ResultDocument
    expect(result.reasons, stderr).toEqual([])
    expect(result).toMatchObject({ verdict: 'PASS', target: { kind: 'ssh', accel: 'none' } })
    expect(result.events.read).toBeGreaterThan(1000)
    expect(await readFile(join(result.run, 'console.log'), 'utf8')).toContain('fctorture: phase load')
    expect(exitCode).toBe(0)
    expect(await tracesOn(hardware)).toBe(before)
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

  it('is not touched where it cannot be tortured, and it is said why', async () => {
    const stranger = join(hardware.folder, 'stranger')
    await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', stranger])
    const [, key] = (await readFile(`${stranger}.pub`, 'utf8')).split(' ')
    const wrong = join(hardware.folder, 'wrong')
    await writeFile(wrong, `[127.0.0.1]:${new URL(hardware.address).port} ssh-ed25519 ${key ?? ''}\n`)
    const nobody = join(hardware.folder, 'nobody')
    await writeFile(nobody, '')
    await expectCode('FCT_SSH_HOST_KEY_CHANGED', entering({ knownHosts: wrong }))
    await expectCode('FCT_SSH_HOST_UNKNOWN', entering({ knownHosts: nobody }))
    await expectCode('FCT_SSH_AUTH', entering({ identity: stranger }))
    await expectCode('FCT_TARGET_NO_HEADERS', hardware)
    await hardware.ssh(
      'fallocate -l "$(( $(df -Pk /var/tmp | awk \'NR == 2 { print $4 }\') - 100000 ))K" /var/tmp/much',
    )
    await expectCode('FCT_TARGET_DISK_FULL', hardware, '--kernel', 'debian:6.1')
    await hardware.ssh('rm /var/tmp/much; rpcbind; modprobe nfsd; mount -t nfsd nfsd /proc/fs/nfsd; rpc.nfsd 1')
    await expectCode('FCT_TARGET_IN_USE', hardware, '--kernel', 'debian:6.1')
    await hardware.ssh(
      'rpc.nfsd 0; mount -t securityfs securityfs /sys/kernel/security; echo integrity > /sys/kernel/security/lockdown',
    )
    await expectCode('FCT_TARGET_LOCKDOWN', hardware, '--kernel', 'debian:6.1')
    expect(await hardware.ssh('ls /var/tmp')).toBe('')
  })
})

/** The machine, with another key in the hand or another list of hosts. */
function entering({ identity = 'own', knownHosts = 'known_hosts' }): Hardware {
  const [key, hosts] = [identity, knownHosts].map((name) => resolve(hardware.folder, name))
  const options = ['--target', hardware.address, '--identity', key ?? '', '--known-hosts', hosts ?? '']
  return { ...hardware, options }
}

async function expectCode(code: string, machine: Hardware, ...args: string[]): Promise<void> {
  const { stdout, exitCode } = await runOn(machine, runs, ...args)
  expect(JSON.parse(stdout)).toMatchObject({ verdict: 'ERROR', reasons: [{ code }] })
  expect(exitCode).toBe(125)
}
