import { expect, it } from 'vitest'
import { parseSeedRange, trySeeds } from '../../../harness/replay/seed-range.js'

it('reads a range, and nothing else', () => {
  expect(parseSeedRange('1..500')).toEqual({ first: 1, last: 500 })
  expect(parseSeedRange('7..7')).toEqual({ first: 7, last: 7 })
  for (const text of ['', '5', '5..1', '1...5', '-1..5', '0..1000000', '0..99999999999999999999'])
    expect(parseSeedRange(text), text).toBeUndefined()
})

it('tries all seeds, no more than so many at a time, and tells of them in order', async () => {
  let [now, most] = [0, 0]
  const attempt = async (seed: number): Promise<number> => {
    most = Math.max(most, ++now)
    await new Promise((resolve) => setTimeout(resolve, seed % 3))
    now--
    return seed
  }
  expect(await trySeeds({ first: 1, last: 10 }, 3, attempt, () => false)).toEqual([
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
  ])
  expect(most).toBe(3)
})

it('begins no other when there is enough', async () => {
  const tried = await trySeeds(
    { first: 1, last: 1000 },
    1,
    (seed) => Promise.resolve(seed),
    (seed) => seed === 4,
  )
  expect(tried).toEqual([1, 2, 3, 4])
})

it('ends with what went wrong, and begins no other', async () => {
  const begun: number[] = []
  const attempt = (seed: number): Promise<void> => {
    begun.push(seed)
    return seed === 3 ? Promise.reject(new Error('three')) : Promise.resolve()
  }
  await expect(trySeeds({ first: 1, last: 1000 }, 1, attempt, () => false)).rejects.toThrow('three')
  expect(begun).toEqual([1, 2, 3])
})
