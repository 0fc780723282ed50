import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { describe, expect, it } from 'vitest'
import { reproducerOf } from '../../../harness/replay/reproducer.js'
import { listScenarios, loadScenario } from '../../../harness/scenario/scenario.js'

const signatures = [
  'free-at-zero: nfsd_file_free after nfsd_file_closing',
  'use-at-zero: nfsd_file_put at zero',
  "console-splat: WARNING in somebody's code",
  'idle-disposed: left on the LRU',
]

function scriptOf(name: string, signature: string): string {
  return reproducerOf({ scenario: loadScenario(name), signature, seed: 42, about: ['Seen on 6.1.'] })
}

describe.each(listScenarios())('the script for %s', (name) => {
  it.each(signatures)('is sound shell, for %s', async (signature) => {
    const script = scriptOf(name, signature)
    await execa('sh', ['-n'], { input: script })
    expect(script.split('\n').length).toBeLessThan(160)
    await execa('shellcheck', ['-s', 'sh', '-S', 'warning', '-'], { input: script })
  })
})

describe('the script', () => {
  it('sets what the scenario sets', () => {
    const script = scriptOf('DISPOSE01', signatures[0] ?? '')
    expect(script).toMatch(/^set_knobs close (.* )?gap_us=200( |$)/m)
    expect(script).toMatch(/^set_knobs inject\/nfsd_file_closing (.* )?rate_ppm=200000( |$)/m)
    expect(script).toMatch(/^set_knobs inject (.* )?targets_only=1( |$)/m)
    expect(script).toContain('\necho 42 > $tree/seed\n')
  })

  it('says what a shell cannot do', () => {
    expect(scriptOf('SHUTDOWN01', '')).toContain(
      '# Left out, for a shell cannot: an nfsd of another network namespace.',
    )
    expect(scriptOf('IDLE01', '')).toContain('# Left out, for a shell cannot: mmap.')
  })

  it('has no command in what it says of the finding', () => {
    const scenario = loadScenario('CLOSE01')
    const commandsOf = (signature: string, about: string): string[] => {
      const script = reproducerOf({ scenario, signature, seed: 42, about: [about] })
      return script.split('\n').filter((line) => !line.startsWith('#'))
    }
    expect(commandsOf('a\ntouch x\r: b\ntouch x', 'Seen with a\ntouch x.patch')).toEqual(
      commandsOf('a: b', 'Seen.'),
    )
  })

  it('looks for a message that begins like an option', async () => {
    const grep =
      /grep -F .*(?= && exit 1$)/m.exec(scriptOf('CLOSE01', 'console-splat: --- WARNING'))?.[0] ?? ''
    const input = 'a\n--- WARNING\n'
    const { stdout } = await execa('sh', ['-c', grep.replace('"$log"', '-')], { input })
    expect(stdout).toBe('--- WARNING')
  })

  it.each([
    ['free-at-zero: nfsd_file_free after nfsd_file_put', 'ref=1 flags=HASHED', 1],
    ['free-at-zero: nfsd_file_free after nfsd_file_put', 'ref=0 flags=', 0],
    ['free-at-zero: nfsd_file_free after nfsd_file_put', 'ref=1 flags=PENDING', 0],
  ])('tells by the tracepoint whether it is %s: %s', async (signature, event, status) => {
    const awk = /awk .*$/m.exec(scriptOf('CLOSE01', signature))?.[0] ?? ''
    const line = `  nfsd-1 [000] ..... 7.1: nfsd_file_free: inode=1 ${event} may=\n`
    const judged = await execa('sh', ['-c', awk.replace('"$log"', '-')], { input: line, reject: false })
    expect(judged.exitCode).toBe(status)
  })
})

describe('the end of the script', () => {
  const signature = 'free-at-zero: nfsd_file_free after nfsd_file_put'
  const event = '  nfsd-1 [000] ..... 7.1: nfsd_file_free: inode=1 ref=1 flags=HASHED may=\n'

  /** With loads and commands of which the kernel lets go when it is told to. */
  async function runEnd(loads: string, command: string) {
    const folder = await mkdtemp(join(tmpdir(), 'fct-test-end-'))
    try {
      for (const name of ['umount', 'rpc.nfsd'])
        await writeFile(join(folder, name), `#!/bin/sh\n${command}\n`, { mode: 0o755 })
      await writeFile(join(folder, 'log'), event)
      const begin = `tree=${folder} log=$tree/log stop=$tree/stop seconds=0 trace=$tree/trace\n`
      const started = `PATH=$tree:$PATH; sleep 100 > /dev/null 2>&1 & reader=$!; loads=; ${loads}\n`
      const scenario = { ...loadScenario('CLOSE01'), quietSeconds: 0 }
      const script = reproducerOf({ scenario, signature, seed: 42, about: [] })
      const end = script.replace(/^.*?^(?=judge\(\))/ms, '')
      const env = { SECONDS_TO_END: '3' }
      const result = await execa('sh', [], {
        input: begin + started + end,
        env,
        reject: false,
        timeout: 30_000,
      })
      return { result, run: await readFile(join(folder, 'run'), 'utf8') }
    } finally {
      await rm(folder, { recursive: true })
    }
  }

  it.each([
    ['all of it ends', '', 'true', /^$/],
    ['a load hangs', 'sleep 20 > /dev/null 2>&1 & loads=$!', 'true', /judged after 3 s/],
    ['the unmount hangs', '', 'exec sleep 20 > /dev/null 2>&1', /judged after 3 s/],
  ])('says that it showed, when %s', async (_, loads, command, said) => {
    const { result, run } = await runEnd(loads, command)
    expect(result).toMatchObject({ exitCode: 1, stdout: event.trimEnd() })
    expect(run).toBe('0\n')
    expect(result.stderr.replace(/^rmdir: .*$/m, '')).toMatch(said)
    expect(result.durationMs).toBeLessThan(15_000)
  })
})
