import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../folders.js'
import { ok, unmet, type Check } from '../check.js'

export const node: Check = {
  code: 'FCT_DOCTOR_NODE',
  title: 'Node',
  look: () => {
    const { engines } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
      engines: { node: string }
    }
    const [major = 0, minor = 0] = numbers(engines.node)
    const [here = 0, hereMinor = 0] = numbers(process.versions.node)
    if (here > major || (here === major && hereMinor >= minor)) return [ok(process.versions.node)]
    return [unmet(`${process.versions.node}, and ${engines.node} is needed`, 'nvm install --lts')]
  },
}

function numbers(version: string): number[] {
  return (version.match(/\d+/g) ?? []).map(Number)
}
