import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../folders.js'
import { ok, unmet, type Check } from '../check.js'

/** What runs here and what runs in guests. */
const parts = ['dist/harness/main.js', 'dist/agent.cjs']

export const built: Check = {
  code: 'FCT_DOCTOR_BUILD',
  title: 'build',
  look: () => {
    const missing = parts.filter((part) => !existsSync(join(packageRoot, part)))
    return [missing.length === 0 ? ok('dist/') : unmet(`${missing.join(', ')} is missing`, 'npm run setup')]
  },
}
