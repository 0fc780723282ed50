import { asRoot, note, ok, type Check, type Finding } from '../check.js'
import { findProgram } from '../find-program.js'

/** Programs that something asks for, and no run; Debian's package of each. */
const programs = {
  gdb: ['gdb', 'addresses in stacks as lines of source'],
  crash: ['crash', "a guest's vmcore"],
  sbatch: ['slurm-client', 'nightly --executor slurm'],
} as const

export const extras: Check = {
  code: 'FCT_DOCTOR_EXTRA',
  title: 'extras',
  look: () => Object.entries(programs).map(describe),
}

function describe([program, [name, use]]: readonly [string, readonly [string, string]]): Finding {
  if (findProgram(program) !== undefined) return ok(program)
  return note(`no ${program}: ${use}`, asRoot(`apt-get install --no-install-recommends ${name}`))
}
