/**
 * A process that uses the cache, for tests: `use-cache HOW INPUT`. It says "has FOLDER" on stdout when it has its entry, and ends
 * when its stdin does. HOW: `quick` builds at once, `slow` says "building" and waits for a line first.
 */
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { obtain } from '../../vms/cache.js'

const [how = '', input = ''] = process.argv.slice(2)

async function build(folder: string): Promise<void> {
  process.stdout.write('building\n')
  if (how === 'slow') await once(process.stdin, 'data')
  await writeFile(join(folder, 'content'), 'x'.repeat(1 << 20))
}

const context = { announce: () => () => undefined, signal: new AbortController().signal }
const folder = await obtain({ kind: 'thing', inputs: input, title: `thing ${input}`, build }, context)
process.stdout.write(`has ${folder}\n`)
process.stdin.resume()
await once(process.stdin, 'end')
