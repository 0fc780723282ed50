import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
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
    const grep = /grep -F .*?(?=; do )/.exec(scriptOf('CLOSE01', 'console-splat: --- WARNING'))?.[0] ?? ''
    const { stdout } = await execa('sh', ['-c', grep], { input: 'a\n--- WARNING\n' })
    expect(stdout).toBe('--- WARNING')
  })
})

describe('the end of the script', () => {
  const signature = 'free-at-zero: nfsd_file_free after nfsd_file_put'
  const eventWith = (words: string): string =>
    `  nfsd-1 [000] ..... 7.1: nfsd_file_free: inode=1 ${words} may=`
  const hang = 'exec sleep 20 > /dev/null 2>&1'

  /** With a pipe for nfsd's tracepoint, and in place of loads and commands what may hang like those of a kernel with a bug. */
  async function runEnd(event: string, load: string, command: string) {
    const folder = await mkdtemp(join(tmpdir(), 'fct-test-end-'))
    try {
      for (const name of ['umount', 'rpc.nfsd'])
        await writeFile(join(folder, name), `#!/bin/sh\n${command}\n`, { mode: 0o755 })
      await writeFile(join(folder, 'dmesg'), '#!/bin/sh\necho "kernel BUG at fs/open.c"\n', { mode: 0o755 })
      const instance = join('instances', 'repro')
      for (const path of ['.', instance])
        await mkdir(join(folder, path, 'events', 'nfsd', 'nfsd_file_free'), { recursive: true })
      await mkdir(join(folder, 'kernel'))
      const begin = [
        `tree=${folder} stop=${folder}/stop seconds=1 PATH=${folder}:$PATH`,
        'die() { echo "$*" >&2; exit 2; }',
        `mkfifo $tree/${instance}/trace_pipe; (echo "${event}"; ${hang}) > $tree/${instance}/trace_pipe &`,
      ]
      const scenario = { ...loadScenario('CLOSE01'), quietSeconds: 0 }
      const script = reproducerOf({ scenario, signature, seed: 42, about: [] })
      const end = script
        .replace(/^.*?^(?=trap )/ms, '')
        .replaceAll(/\/(sys\/kernel\/tracing|proc\/sys)\b/g, folder)
        .replaceAll(/^ *load_files "\$mount"/gm, load)
        .replace('/mnt/fct/*', '1')
      const { exitCode, stdout, stderr, durationMs } = await execa('sh', [], {
        input: `${begin.join('\n')}\n${end}`,
        env: { SECONDS_TO_END: '4' },
        reject: false,
        timeout: 30_000,
      })
      const run = await readFile(join(folder, 'run'), 'utf8')
      return { exitCode, stdout, said: stderr.replace(/^rmdir: .*$/m, '').trim(), durationMs, run }
    } finally {
      await rm(folder, { recursive: true })
    }
  }

  it.each(['HASHED|GC', 'PENDING|GC'])(
    'says that it showed by flags=%s at once, whatever hangs',
    async (flags) => {
      const event = eventWith(`ref=1 flags=${flags}`)
      const { durationMs, ...rest } = await runEnd(event, hang, hang)
      expect(rest).toEqual({ exitCode: 1, stdout: event, said: '', run: '0\n' })
      expect(durationMs).toBeLessThan(10_000)
    },
  )

  it.each([
    ['ref=0 flags=', 'true', 'true', ''],
    ['ref=1 flags=HASHED|PENDING|GC', 'true', 'true', ''],
    ['ref=0 flags=', hang, 'true', 'reproducer: not all of it ends within 4 s'],
    ['ref=0 flags=', 'true', hang, 'reproducer: not all of it ends within 4 s'],
  ])('says after %s that it did not, with a load that does %s, and commands that do %s', async (...given) => {
    const [words, load, command, said] = given
    const { durationMs, ...rest } = await runEnd(eventWith(words), load, command)
    expect(rest).toEqual({ exitCode: 0, stdout: 'kernel BUG at fs/open.c', said, run: '0\n' })
    expect(durationMs).toBeLessThan(15_000)
  })
})
