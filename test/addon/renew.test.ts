import { expect, it } from 'vitest'
import { renewMachine } from '../../addon/index.js'

/** What it does is seen in a guest (test/guest/standing-guest.test.ts): this machine's clock is not ours to set. */
it('refuses what is no time, and too little or too much entropy', () => {
  expect(() => {
    renewMachine(Number.NaN, new Uint8Array(8))
  }).toThrow(RangeError)
  expect(() => {
    renewMachine(1, new Uint8Array(0))
  }).toThrow(/1 to 512 bytes, not 0/)
  expect(() => {
    renewMachine(1, new Uint8Array(513))
  }).toThrow(/not 513/)
  expect(() => {
    renewMachine(1, [1, 2] as unknown as Uint8Array)
  }).toThrow(TypeError)
})
