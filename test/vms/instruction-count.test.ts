import { expect, it } from 'vitest'
import { restarted } from '../../vms/instruction-count.js'

const subsection = '\x05\x0ctimer/icount\0\0\0\x01'
/** As QEMU 7.2 wrote it of a machine that had stood ready: what its clock has jumped ahead, and instructions. */
const [jumped, count] = [2_198_649_040n, 15_089_624_351n]

function stateWith(numbers: readonly bigint[]): Buffer {
  const body = Buffer.alloc(8 * numbers.length)
  for (const [index, number] of numbers.entries()) body.writeBigInt64BE(number, 8 * index)
  const description = '"subsections": [{"vmsd_name": "timer/icount"'
  return Buffer.concat([Buffer.from(`QEVM...${subsection}`, 'latin1'), body, Buffer.from(`~${description}`)])
}

it('lets instructions count from 0, and the clock stand where it stood', () => {
  expect(restarted(stateWith([jumped, count]), 3)).toEqual(stateWith([jumped + 8n * count, 0n]))
})

it('changes nothing where it does not know what it would change', () => {
  expect(() => restarted(Buffer.from('QEVM, without a count'), 3)).toThrow('is not known')
  const twice = Buffer.concat([stateWith([1n, 2n]), stateWith([3n, 4n])])
  expect(() => restarted(twice, 3)).toThrow('is not known')
})
