import { setTimeout as delay } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { decideGuests, hostCapacity, runPool } from '../../../harness/target/pool.js'

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
