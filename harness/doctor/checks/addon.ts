import { spawnSync } from 'node:child_process'
import { ok, unmet, type Check } from '../check.js'

/** In a process of its own, since a broken addon may take its process along. */
export const addon: Check = {
  code: 'FCT_DOCTOR_ADDON',
  title: 'addon',
  look: () => {
    const url = new URL('../../../addon/index.js', import.meta.url).href
    const script = `import(${JSON.stringify(url)}).then(({ socketPair }) => { socketPair() })`
    const { status, stderr, signal } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' })
    if (status === 0) return [ok('loads, and works')]
    const reason = /^\w*(?:Error|Missing)\w*.*$/m.exec(stderr)?.[0] ?? signal ?? stderr.slice(0, 200)
    return [unmet(`does not load: ${reason}`, 'npm run build:addon')]
  },
}
