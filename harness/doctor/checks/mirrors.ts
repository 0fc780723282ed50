import { existsSync, readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { findMirrors } from '../../../vms/apt-root.js'
import { readCatalogue } from '../../../vms/kernels/catalogue.js'
import { FctError, messageOf } from '../../fct-error.js'
import { cacheFolder } from '../../folders.js'
import { note, ok, unmet, type Check, type Finding } from '../check.js'

const seconds = 10

/** Asks with apt's own methods, for only they know the host's proxy and credentials. */
export const mirrors: Check = {
  code: 'FCT_DOCTOR_MIRROR',
  title: 'mirrors',
  look: async (signal) => {
    try {
      const { main, security } = await findMirrors()
      const [suites = []] = [...readCatalogue().values()].map((entry) => entry.suites)
      const suite = suites[0] ?? 'stable'
      const addresses = [releaseOf(main, suite)]
      if (security !== undefined) addresses.push(releaseOf(security, `${suite}-security`))
      return await Promise.all(addresses.map((address) => ask(address, signal)))
    } catch (error) {
      const advice = error instanceof FctError ? `${error.code}: ` : ''
      return [trouble(`${advice}${messageOf(error)}`)]
    }
  },
}

function releaseOf(mirror: string, suite: string): string {
  return `${mirror.replace(/\/$/, '')}/dists/${suite}/Release`
}

async function ask(address: string, signal: AbortSignal): Promise<Finding> {
  const folder = await mkdtemp(join(tmpdir(), 'fctorture-doctor-'))
  try {
    const { failed, timedOut, stderr } = await execa(
      '/usr/lib/apt/apt-helper',
      ['download-file', address, join(folder, 'Release')],
      { reject: false, stdin: 'ignore', timeout: seconds * 1000, cancelSignal: signal },
    )
    if (!failed) return ok(address)
    const reason = timedOut ? `no answer within ${seconds} s` : (stderr.split('\n').at(-1) ?? '')
    return trouble(`${address}: ${reason}`)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Kernels in the cache need no mirror. */
function trouble(says: string): Finding {
  const folder = join(cacheFolder(), 'kernel')
  const isFilled = existsSync(folder) && readdirSync(folder).length > 0
  const mend = 'npx fctorture prepare --mirror URL'
  return isFilled ? note(`${says}; only kernels in the cache can be run`, mend) : unmet(says, mend)
}
