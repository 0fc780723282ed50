import { expect, it } from 'vitest'
import { gainOf, medianGain, perMinute } from '../../../harness/selftest/rate.js'

it('is the quotient of two rates', () => {
  expect(perMinute({ detections: 4, seconds: 8 })).toBe(30)
  expect(perMinute({ detections: 0, seconds: 0 })).toBe(0)
  expect(gainOf({ detections: 4, seconds: 8 }, { detections: 1, seconds: 20 })).toEqual({
    factor: 10,
    isBound: false,
  })
})

it('is a bound where clients alone have found nothing: once in their time would have been less', () => {
  expect(gainOf({ detections: 4, seconds: 8 }, { detections: 0, seconds: 20 })).toEqual({
    factor: 10,
    isBound: true,
  })
})

it('is none where there is nothing to compare', () => {
  expect(gainOf({ detections: 0, seconds: 60 }, { detections: 0, seconds: 20 })).toBeNull()
  expect(gainOf({ detections: 1, seconds: 8 }, { detections: 0, seconds: 0 })).toBeNull()
})

it('has a median, which does not claim more than half of them have', () => {
  const gain = (factor: number): { factor: number; isBound: boolean } => ({ factor, isBound: factor > 5 })
  expect(medianGain([gain(9), gain(1), gain(7)])).toEqual({ factor: 7, isBound: true })
  expect(medianGain([gain(9), gain(1)])).toEqual({ factor: 1, isBound: false })
  expect(medianGain([])).toBeNull()
})
