import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { execa } from 'execa'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { packageRoot } from '../../harness/folders.js'
import { HistoryReader } from '../../harness/store/history.js'
import type { ResultDocument } from '../../harness/verdict/result.js'
import { haveOwnTemporaryFolder } from '../leftovers.js'
import { obtainKernel } from '../../vms/kernels/kernels.js'
import { obtainStockKernel, quietContext } from '../stock-kernel.js'
import {
  fctorture,
  loadOf,
  printed,
  resetIt,
  runOn,
  showConsole,
  startHardware,
  tracesOn,
  type Hardware,
} from '../guest/hardware/hardware.js'

let hardware: Hardware
let runs = ''
let end: () => Promise<void>

beforeAll(async () => {
  ;({ runs, end } = await haveOwnTemporaryFolder())
  hardware = await startHardware(await obtainStockKernel())
})

beforeEach(({ onTestFailed }) => {
  showConsole(hardware, onTestFailed)
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

  it('has its runs of a campaign while guests have theirs', async () => {
    const before = await tracesOn(hardware)
    const [plan, store] = [join(hardware.folder, 'plan.yaml'), join(hardware.folder, 'history.sqlite')]
    await writeFile(
      plan,
      `name: both
kernels: [debian:6.1]
scenarios: [CLOSE01]
targets: [qemu, '${hardware.address}']
seeds: 1
time: 5
`,
    )
    const [, , ...keys] = hardware.options
    const where = ['--store', store, '--runs', runs, ...keys]
    const { stdout, stderr, exitCode } = await fctorture('nightly', plan, '--json', ...where)
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 })
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'PASS', campaign: { outcome: 'complete' } })
    const reader = new HistoryReader(store)
    const ran = [...reader.runsOf(reader.latestCampaign()?.id ?? 0)]
    reader.close()
    expect(ran.map(({ cell }) => cell.target).sort()).toEqual(['qemu', hardware.address])
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

  it('comes to no verdict where its disk fills up meanwhile, and is left as it was', async () => {
    const before = await tracesOn(hardware)
    const going = runOn(hardware, runs, '--kernel', 'debian:6.1', '--time', '60')
    await loadOf(going)
    await hardware.ssh(
      "fallocate -l $(( $(stat -f -c '%f * %S' /var/tmp) - 10000000 )) /var/tmp/much; cat /dev/zero > /var/tmp/more || :",
    )
    const { stdout, stderr } = await going
    const { verdict, reasons } = JSON.parse(stdout) as ResultDocument
    expect(verdict, stderr).toBe('ERROR')
    expect(reasons).toMatchObject([{ code: 'FCT_TARGET_DISK_FULL' }])
    await hardware.ssh('rm /var/tmp/much /var/tmp/more')
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
    await hardware.ssh(fillDisk)
    await expectCode('FCT_TARGET_DISK_FULL', hardware, '--kernel', 'debian:6.1')
    await hardware.ssh(
      'rm /var/tmp/much; rpcbind; modprobe nfsd; mount -t nfsd nfsd /proc/fs/nfsd; rpc.nfsd 1',
    )
    await expectCode('FCT_TARGET_IN_USE', hardware, '--kernel', 'debian:6.1')
    await hardware.ssh(
      'rpc.nfsd 0; mount -t securityfs securityfs /sys/kernel/security; echo integrity > /sys/kernel/security/lockdown',
    )
    await expectCode('FCT_TARGET_LOCKDOWN', hardware, '--kernel', 'debian:6.1')
    expect(await hardware.ssh('ls /var/tmp')).toBe('')
    await resetIt(hardware)
  })
})

describe('a finding of a guest here', () => {
  it('is shown by it as well', async () => {
    const words = ['--runs', runs, '--json', '--busted', 'stuck_lru', '--time', '10']
    const found = JSON.parse((await fctorture('run', 'CLOSE01', ...words)).stdout) as ResultDocument
    const finding = ['--signature', 'idle-disposed: left on the LRU']
    const there = [...finding, '--kernel', 'debian:6.1', '--most', '2', ...hardware.options]
    const { stdout, stderr, exitCode } = await fctorture(
      'repro',
      found.run,
      '--runs',
      runs,
      '--json',
      ...there,
    )
    expect(JSON.parse(stdout), stderr).toMatchObject({
      signature: expect.stringMatching(/^idle-disposed: left on the LRU/) as string,
      found: { rate: { hits: 1, trials: 1 } },
      repeated: { place: hardware.address, shownAfter: 0, rate: { hits: 1, trials: 1 }, noVerdict: 0 },
    })
    expect(exitCode).toBe(1)
  })
})

const fix = join(packageRoot, 'vms', 'fixes', 'dispose-after-drain', '5.10.patch')

async function sumOfMended(): Promise<string> {
  const request = { name: 'debian:5.10', patches: [fix], profile: 'stock' } as const
  const { nfsd } = await obtainKernel(request, quietContext)
  return createHash('sha256')
    .update(await readFile(nfsd?.path ?? ''))
    .digest('hex')
}

describe('another kernel for it', () => {
  it('runs with its patch where it answers, on the same root file system, until the machine boots again', async () => {
    const options = await hardware.known({ reset: hardware.hooks.reset }, { bootSeconds: 180 })
    const { stdout, stderr } = await fctorture('deploy', 'debian:5.10', '--json', '--patch', fix, ...options)
    expect(stderr).not.toContain('FCT_')
    const { release } = JSON.parse(stdout) as { release: string }
    expect(release).toMatch(/^5\.10\./)
    expect(await hardware.ssh('uname -r')).toBe(release)
    expect(await hardware.ssh('sha256sum < "$(modinfo -n nfsd)"')).toContain(await sumOfMended())
    const words = ['--kernel', 'debian:5.10', '--time', '5']
    const { stdout: ran, stderr: said } = await runOn({ options }, runs, ...words)
    expect(JSON.parse(ran), said).toMatchObject({ kernel: { release }, reasons: [], verdict: 'PASS' })
    await resetIt(hardware)
    expect(await hardware.ssh('uname -r; ls /var/tmp')).toMatch(/^6\.1\.[^\n]*$/)
    await fctorture('deploy', '--remove', ...options)
  })

  it('goes on its way where the user stops the waiting, and its modules go when he says so', async () => {
    const going = fctorture('deploy', 'debian:5.10', ...hardware.options)
    await printed(going, /deploy: waiting/)
    const back = hardware.booted()
    going.kill('SIGINT')
    const { stderr, exitCode } = await going
    expect(stderr).toMatch(/FCT_INTERRUPTED: stopped by SIGINT\n.*fctorture deploy --remove/)
    expect(exitCode).toBe(128)
    await back
    expect(await hardware.ssh('uname -r')).toMatch(/^5\.10\./)
    await resetIt(hardware)
    const { stdout } = await fctorture('deploy', '--remove', '--json', ...hardware.options)
    expect(JSON.parse(stdout)).toMatchObject({ removed: [expect.stringMatching(/^5\.10\./)] })
    expect(await hardware.ssh('ls /lib/modules /var/tmp')).not.toContain('5.10')
  })

  it('gives way to the old one where it does not answer', async () => {
    const { off, on } = hardware.hooks.power
    const options = await hardware.known({ power: { off, on } }, { bootSeconds: 150 })
    const words = ['deploy', 'debian:5.10', ...options, '--append', 'rdinit=/none panic=0']
    const { stderr, exitCode } = await fctorture(...words)
    expect(stderr).toContain('FCT_DEPLOY_NO_ANSWER')
    expect(exitCode).toBe(128)
    expect(await hardware.ssh('uname -r; ls /lib/modules /var/tmp')).not.toContain('5.10')
  })

  it('is refused where it is the one that runs, has no room, or may not be loaded', async () => {
    const running = await fctorture('deploy', 'debian:6.1', ...hardware.options)
    expect(running.stderr).toContain('FCT_DEPLOY_RELEASE_TAKEN')
    await hardware.ssh(fillDisk)
    const full = await fctorture('deploy', 'debian:5.10', ...hardware.options)
    expect(full.stderr).toContain('FCT_DEPLOY_DISK_FULL')
    // A reset would bring back what was removed a moment ago.
    await hardware.ssh('rm /var/tmp/much; sync; echo 1 > /proc/sys/kernel/kexec_load_disabled')
    const disabled = await fctorture('deploy', 'debian:5.10', ...hardware.options)
    expect(disabled.stderr).toContain('FCT_DEPLOY_REFUSED')
    expect(await hardware.ssh('ls /lib/modules /var/tmp')).not.toMatch(/5\.10|fctorture/)
    await resetIt(hardware)
  })
})

describe('a machine that dies under it', () => {
  it('is waited for where it boots by itself; what it kept of its panic is the finding', async () => {
    const before = await tracesOn(hardware)
    const { result, stderr } = await dieDuring(
      runOn(hardware, runs, '--kernel', 'debian:6.1', '--time', '60'),
    )
    expect(result.verdict, stderr).toBe('FAIL')
    expect(result.findings.map(({ signature }) => signature).join(), stderr).toContain('console-splat')
    expect(result.autopsy?.files).toEqual(expect.arrayContaining(['dmesg.txt', 'netconsole.log']))
    const kept = (name: string): Promise<string> => readFile(join(result.run, 'autopsy', name), 'utf8')
    expect(await kept('dmesg.txt')).toContain('Kernel panic - not syncing: sysrq triggered crash')
    expect(await kept('netconsole.log')).toContain('Kernel panic - not syncing: sysrq triggered crash')
    expect(await tracesOn(hardware)).toBe(before)
  })

  it('is reset where it stands still, and its console says why', async () => {
    const before = await tracesOn(hardware)
    await hardware.ssh('echo 0 > /proc/sys/kernel/panic')
    const { console, reset } = hardware.hooks
    const options = await hardware.known({ console, reset }, { bootSeconds: 120 })
    const going = runOn({ options }, runs, '--kernel', 'debian:6.1', '--time', '60')
    const { result, stderr } = await dieDuring(going)
    expect(result.verdict, stderr).toBe('FAIL')
    expect(result.reasons.map(({ code }) => code)).toContain('FCT_GUEST_KERNEL_FAULT')
    const text = await readFile(join(result.run, 'console.log'), 'utf8')
    expect(text).toContain('end Kernel panic - not syncing: sysrq triggered crash')
    expect(text.split('Linux version')).toHaveLength(1)
    expect(await readFile(join(result.run, 'run.json'), 'utf8')).not.toContain('switch.mjs')
    expect(await tracesOn(hardware)).toBe(before)
  })
})

/** Leaves some 100 MB. */
const fillDisk =
  'fallocate -l "$(( $(df -Pk /var/tmp | awk \'NR == 2 { print $4 }\') - 100000 ))K" /var/tmp/much'

async function dieDuring(
  going: ReturnType<typeof runOn>,
): Promise<{ result: ResultDocument; stderr: string }> {
  await loadOf(going)
  await hardware.ssh(
    'echo 1 > /proc/sys/kernel/sysrq; (sleep 1; echo c > /proc/sysrq-trigger) >/dev/null 2>&1 &',
  )
  const { stdout, stderr } = await going
  return { result: JSON.parse(stdout) as ResultDocument, stderr }
}

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
