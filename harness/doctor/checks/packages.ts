import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { packageRoot } from '../../folders.js'
import { asRoot, note, ok, unmet, type Check, type Finding } from '../check.js'
import { findProgram } from '../find-program.js'

const listSchema = z.record(z.string(), z.strictObject({ for: z.string(), program: z.string().optional() }))

/** What `vms/setup.mjs` installs: a package is there if its program is, or if dpkg says so where it has none. */
export const packages: Check = {
  code: 'FCT_DOCTOR_PACKAGE',
  title: 'packages',
  look: () => {
    const list = Object.entries(listSchema.parse(JSON.parse(readFileSync(listFile, 'utf8'))))
    const installed = installedPackages(
      list.filter(([, { program }]) => program === undefined).map(([name]) => name),
    )
    const missing = list.filter(([name, { program }]) =>
      program === undefined ? installed?.has(name) === false : findProgram(program) === undefined,
    )
    const findings = missing.map(([name, { program, for: use }]) => describe(name, program, use))
    if (installed === undefined) findings.push(note('dpkg-query is missing: libraries were not looked for'))
    return findings.length > 0 ? findings : [ok(`${list.length} Debian packages and their programs`)]
  },
}

const listFile = join(packageRoot, 'vms', 'debian-packages.json')

function describe(name: string, program: string | undefined, use: string): Finding {
  const says = `${name} is missing${program === undefined || program === name ? '' : ` (${program})`}: ${use}`
  const mend = asRoot(`apt-get install --no-install-recommends ${name}`)
  return use.startsWith('npm ') ? note(says, mend) : unmet(says, mend)
}

/** Those among them that are installed; undefined where there is no dpkg. */
export function installedPackages(names: readonly string[]): Set<string> | undefined {
  const format = '${Package} ${db:Status-Status}\n'
  const { stdout, error } = spawnSync('dpkg-query', ['-W', '-f', format, ...names], { encoding: 'utf8' })
  if (error !== undefined) return undefined
  const lines = stdout.split('\n').filter((line) => line.endsWith(' installed'))
  return new Set(lines.map((line) => line.replace(/ .*/, '')))
}
