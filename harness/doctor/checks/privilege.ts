import { findProgram } from '../find-program.js'
import { note, ok, unmet, type Check } from '../check.js'

export const privilege: Check = {
  code: 'FCT_DOCTOR_ROOT',
  title: 'root',
  look: () => {
    if (process.getuid?.() === 0) return [ok('this is root')]
    if (findProgram('sudo') === undefined)
      return [unmet('not root, and no sudo: packages and root file systems cannot be made', 'su -')]
    return [note('not root; building a root file system needs it', 'sudo -E npx fctorture prepare')]
  },
}
