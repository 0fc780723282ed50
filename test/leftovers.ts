import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** From now on what is started has a folder for temporary files of its own, and is known by it. `runs` is for its runs. */
export async function haveOwnTemporaryFolder(): Promise<{ runs: string; end: () => Promise<void> }> {
  const temporary = process.env['TMPDIR']
  const runs = await mkdtemp(join(tmpdir(), 'fct-test-runs-'))
  process.env['TMPDIR'] = await mkdtemp(join(runs, 'tmp-'))
  const end = async (): Promise<void> => {
    if (temporary === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = temporary
    await rm(runs, { recursive: true })
  }
  return { runs, end }
}

/**
 * Temporary files, QEMU processes, mounts and loop devices of what was started with this process's TMPDIR, which has to be a folder of
 * its own: nothing of them may outlive a run.
 */
export function leftovers(): string[] {
  return [
    ...readdirSync(tmpdir()),
    ...machines().map((pid) => `machine ${String(pid)}`),
    ...readFileSync('/proc/mounts', 'utf8')
      .split('\n')
      .filter((line) => line.includes(tmpdir())),
    ...loopDevices(),
  ]
}

function loopDevices(): string[] {
  const names = readdirSync('/sys/block').filter((name) => name.startsWith('loop'))
  return names.filter((name) => readIfThere(`/sys/block/${name}/loop/backing_file`).includes(tmpdir()))
}

export function machines(): number[] {
  const pids = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && isOurMachine(pid))
  return pids.map(Number)
}

function isOurMachine(pid: string): boolean {
  return (
    readIfThere(`/proc/${pid}/comm`).startsWith('qemu-system') &&
    readIfThere(`/proc/${pid}/environ`).split('\0').includes(`TMPDIR=${tmpdir()}`)
  )
}

/** What is gone since has nothing to say. */
function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
