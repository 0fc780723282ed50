import { readdir, readFile } from 'node:fs/promises'

/** Ticks of the clock by which the kernel counts processor time for user space (USER_HZ). */
const ticksASecond = 100

/** MiB that the QEMU whose guest has its memory in this folder shares with nobody. */
export async function ownMemoryOf(folder: string): Promise<number> {
  const text = await readFile(`/proc/${await findQemu(folder)}/smaps_rollup`, 'utf8')
  const kiB = [...text.matchAll(/^Private_(?:Clean|Dirty): +(\d+)/gm)].map(([, value]) => Number(value))
  return kiB.reduce((sum, value) => sum + value, 0) / 1024
}

/** Seconds of processor time that it has used so far. */
export async function processorTimeOf(folder: string): Promise<number> {
  const text = await readFile(`/proc/${await findQemu(folder)}/stat`, 'utf8')
  // Behind the name, which may hold anything: state is the first, utime and stime are the 12th and 13th (proc(5)).
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksASecond
}

async function findQemu(folder: string): Promise<string> {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const args = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    if (args.includes(`mem-path=${folder}/memory`)) return pid
  }
  throw new Error(`no QEMU has its memory in ${folder}`)
}
