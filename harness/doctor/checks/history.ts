import { existsSync } from 'node:fs'
import { FctError, messageOf } from '../../fct-error.js'
import { historyFile } from '../../folders.js'
import { shellWord } from '../../shell-word.js'
import { storedVersion } from '../../store/database.js'
import { ok, unmet, type Check } from '../check.js'

export const history: Check = {
  code: 'FCT_DOCTOR_HISTORY',
  title: 'history',
  look: () => {
    const file = historyFile()
    if (!existsSync(file)) return [ok('none yet')]
    try {
      return [ok(`${file}, tables of version ${storedVersion(file)}`)]
    } catch (error) {
      const code = error instanceof FctError ? `${error.code}: ` : ''
      return [unmet(`${code}${messageOf(error)}`, `mv ${shellWord(file)} ${shellWord(`${file}.damaged`)}`)]
    }
  },
}
