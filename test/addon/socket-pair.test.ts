import { closeSync, readSync, writeSync } from 'node:fs'
import { execa } from 'execa'
import { expect, it } from 'vitest'
import { socketPair } from '../../addon/index.js'

it('connects two descriptors both ways', () => {
  const [one, other] = socketPair()
  const got = Buffer.alloc(2)
  writeSync(one, 'ab')
  readSync(other, got)
  expect(got.toString()).toBe('ab')
  writeSync(other, 'cd')
  readSync(one, got)
  expect(got.toString()).toBe('cd')
  closeSync(one)
  expect(readSync(other, got)).toBe(0)
  closeSync(other)
})

it('is not inherited by children that are not given it', async () => {
  const [one, other] = socketPair()
  const { stdout } = await execa('readlink', [`/proc/self/fd/${String(one)}`], { reject: false })
  expect(stdout).toBe('')
  closeSync(one)
  closeSync(other)
})
