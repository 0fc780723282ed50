import { once } from 'node:events'
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
  const stream = await readGrowing(path, over)
  expect(String((await once(stream, 'data'))[0])).toBe('one ')
  await appendFile(path, 'two ')
  expect(String((await once(stream, 'data'))[0])).toBe('two ')
  stream.pause()
  await appendFile(path, 'three')
  end()
  expect(await text(stream)).toBe('three')
})

it('does not need the name any more once it reads', async () => {
  const path = join(folder, 'file')
  await writeFile(path, 'all')
  const stream = await readGrowing(path, Promise.resolve())
  await rm(path)
  expect(await text(stream)).toBe('all')
})
