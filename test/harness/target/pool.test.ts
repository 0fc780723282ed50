import { setTimeout as delay } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { decideGuests, hostCapacity, keepBusy, runPool } from '../../../harness/target/pool.js'

const guest = { cpus: 2, memoryMiB: 2048 }

it.each([
  [{ cpus: 2, memoryMiB: 20_000 }, 1, '2 CPUs'],
  [{ cpus: 16, memoryMiB: 64_000 }, 8, '16 CPUs'],
  [{ cpus: 16, memoryMiB: 7_000 }, 3, '7000 MiB'],
  [{ cpus: 1, memoryMiB: 7_000 }, 1, 'too little even for one'],
])('with %o runs %i guests, and says why', (host, guests, because) => {
  expect(decideGuests(host, guest)).toEqual({ guests, because: expect.stringContaining(because) as string })
})

it('knows what this host has', () => {
  const { cpus, memoryMiB } = hostCapacity()
  expect(cpus).toBeGreaterThan(0)
  expect(memoryMiB).toBeGreaterThan(0)
})

it('runs so many at a time and no more, and answers in order', async () => {
  let [running, most] = [0, 0]
  const work = async (ms: number): Promise<number> => {
    most = Math.max(most, ++running)
    await delay(ms)
    running--
    return ms
  }
  expect(await runPool([30, 10, 20, 5, 1], 2, work)).toEqual([30, 10, 20, 5, 1])
  expect(most).toBe(2)
})

it('begins nothing after a failure, and waits for what goes on', async () => {
  const begun: number[] = []
  let ended = false
  const work = async (number: number): Promise<void> => {
    begun.push(number)
    if (number === 1) throw new Error('broken')
    await delay(20)
    ended = true
  }
  await expect(runPool([0, 1, 2, 3], 2, work)).rejects.toThrow('broken')
  expect({ begun, ended }).toEqual({ begun: [0, 1], ended: true })
})

it('asks again for what to do whenever something has ended, also when nothing else goes on', async () => {
  const ended: number[] = []
  let asked = 0
  await keepBusy(2, () => {
    // A second one only when the first has ended, and so on.
    if (asked > ended.length || asked === 3) return undefined
    const number = asked++
    return async () => {
      await delay(1)
      ended.push(number)
    }
  })
  expect(ended).toEqual([0, 1, 2])
})

it('hears of every failure, also of one beside an end, and of one in asking', async () => {
  const works = [() => Promise.resolve(), () => Promise.reject(new Error('broken'))]
  await expect(keepBusy(2, () => works.shift())).rejects.toThrow('broken')
  const ask = (): undefined => {
    throw new Error('unwilling')
  }
  await expect(keepBusy(2, ask)).rejects.toThrow('unwilling')
})
