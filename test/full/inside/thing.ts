import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Recipe } from '../../../vms/cache.js'

/** Something that cells find in the cache of their node. */
export const thing: Recipe = {
  ...{ kind: 'thing', inputs: 'slurm', title: 'thing' },
  build: (folder) => writeFile(join(folder, 'thing'), 'all'),
}
