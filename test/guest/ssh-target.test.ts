import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packageRoot } from '../../harness/folders.js'
import type { ResultDocument } from '../../harness/verdict/result.js'
import { haveOwnTemporaryFolder } from '../leftovers.js'
import { obtainStockKernel } from '../stock-kernel.js'
import { startHardware, type Hardware } from './hardware/hardware.js'

const cli = join(packageRoot, 'harness', 'fctorture.mjs')
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

/** A run there; the kernel that it runs is known here. */
function run(...args: string[]) {
  const words = ['run', 'CLOSE01', '--json', '--runs', runs, ...hardware.options, ...args]
  return execa(process.execPath, [cli, ...words], { reject: false })
}

/** What of a run can be seen on the machine. */
async function traces(): Promise<string> {
  const commands = [
    'ls -d /var/tmp/fctorture.* /srv/fct /mnt/fct /sys/kernel/tracing/instances/* /etc/exports.d/* 2>/dev/null',
    "grep -E '^(fctorture|nfsd|nfs|lockd|sunrpc) ' /proc/modules",
    "grep -E ' (nfs|nfs4|nfsd|rpc_pipefs) |/srv|/mnt' /proc/mounts",
    'pgrep -l -x "node|rpcbind|nfsdcld|rpc.mountd|dmesg"',
  ]
  return hardware.ssh(commands.map((command) => `{ ${command}; } ; `).join('') + 'true')
}

describe('a machine that is reached over ssh', () => {
  it('is tortured like a guest, and left as it was', async () => {
    const before = await traces()
    const { stdout, stderr, exitCode } = await run('--kernel', 'debian:6.1', '--time', '5')
    const result = JSON.parse(stdout) as ResultDocument
    expect(result.reasons, stderr).toEqual([])
    expect(result).toMatchObject({ verdict: 'PASS', target: { kind: 'ssh', accel: 'none' } })
    expect(result.events.read).toBeGreaterThan(1000)
    expect(await readFile(join(result.run, 'console.log'), 'utf8')).toContain('fctorture: phase load')
    expect(exitCode).toBe(0)
    expect(await traces()).toBe(before)
  })

  it('goes on while its cable is pulled, and nothing is lost', async () => {
    const going = run('--kernel', 'debian:6.1', '--time', '30')
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
    const before = await traces()
    const going = run('--kernel', 'debian:6.1', '--time', '60')
    await loadOf(going)
    going.kill('SIGINT')
    const { stdout } = await going
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'ERROR', reasons: [{ code: 'FCT_INTERRUPTED' }] })
    expect(await traces()).toBe(before)
  })

  it('is not touched where it cannot be tortured, and it is said why', async () => {
    const stranger = join(hardware.folder, 'stranger')
    await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', stranger])
    const [, key] = (await readFile(`${stranger}.pub`, 'utf8')).split(' ')
    const wrong = join(hardware.folder, 'wrong')
    await writeFile(wrong, `[127.0.0.1]:${new URL(hardware.address).port} ssh-ed25519 ${key ?? ''}\n`)
    const nobody = join(hardware.folder, 'nobody')
    await writeFile(nobody, '')
    await expectCode('FCT_SSH_HOST_KEY_CHANGED', '--known-hosts', wrong)
    await expectCode('FCT_SSH_HOST_UNKNOWN', '--known-hosts', nobody)
    await expectCode('FCT_SSH_AUTH', '--identity', stranger)
    await expectCode('FCT_TARGET_NO_HEADERS')
    await expectCode('FCT_TARGET_OTHER_KERNEL', '--kernel', 'debian:6.12')
    await hardware.ssh(
      'fallocate -l "$(( $(df -Pk /var/tmp | awk \'NR == 2 { print $4 }\') - 100000 ))K" /var/tmp/much',
    )
    await expectCode('FCT_TARGET_DISK_FULL', '--kernel', 'debian:6.1')
    await hardware.ssh('rm /var/tmp/much; modprobe nfsd; mount -t nfsd nfsd /proc/fs/nfsd; rpc.nfsd 1')
    await expectCode('FCT_TARGET_IN_USE', '--kernel', 'debian:6.1')
    await hardware.ssh(
      'rpc.nfsd 0; mount -t securityfs securityfs /sys/kernel/security; echo integrity > /sys/kernel/security/lockdown',
    )
    await expectCode('FCT_TARGET_LOCKDOWN', '--kernel', 'debian:6.1')
    expect(await hardware.ssh('ls /var/tmp')).toBe('')
  })
})

async function expectCode(code: string, ...args: string[]): Promise<void> {
  const { stdout, exitCode } = await run(...args)
  expect(JSON.parse(stdout)).toMatchObject({ verdict: 'ERROR', reasons: [{ code }] })
  expect(exitCode).toBe(125)
}

/** Resolves when the load is under way. */
function loadOf({ stderr }: ReturnType<typeof run>): Promise<void> {
  return new Promise((resolve) => {
    stderr.on('data', (chunk: Buffer) => {
      if (/ load \d+\//.test(chunk.toString())) resolve()
    })
  })
}
