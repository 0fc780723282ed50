import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { readGrowing } from '../../vms/growing-file.js'

let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fct-growing-'))
})

afterEach(() => rm(folder, { recursive: true, force: true }))

it('gives what is written when it is written, and ends when it is over and all is read', async () => {
  const path = join(folder, 'file')
  await writeFile(path, 'one ')
  let end = (): void => undefined
  const over = new Promise<void>((resolve) => (end = resolve))
  const pieces = (await readGrowing(path, over))[Symbol.asyncIterator]()
  const next = async (): Promise<string> => String((await pieces.next()).value)
  expect(await next()).toBe('one ')
  await appendFile(path, 'two ')
  expect(await next()).toBe('two ')
  await appendFile(path, 'three')
  end()
  expect(await next()).toBe('three')
  expect((await pieces.next()).done).toBe(true)
})

it('does not need the name any more once it reads', async () => {
  const path = join(folder, 'file')
  await writeFile(path, 'all')
  const stream = await readGrowing(path, Promise.resolve())
  await rm(path)
  expect(await text(stream)).toBe('all')
})
