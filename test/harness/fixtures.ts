import { join } from 'node:path'
import { packageRoot } from '../../harness/folders.js'

/** A folder of test/fixtures. */
export function fixturesFolder(name: string): string {
  return join(packageRoot, 'test', 'fixtures', name)
}
