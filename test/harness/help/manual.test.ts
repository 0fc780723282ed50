import { execa } from 'execa'
import { beforeAll, expect, it } from 'vitest'
import { manualPage } from '../../../harness/help/manual.js'
import { pathOf, program, withSubcommands } from './program.js'

let page = ''
let shown = ''

beforeAll(async () => {
  page = manualPage(program(), {
    ...{ version: '0.1.0', date: '2026-11-27', exits: [['0', 'PASS']] },
    ...{ environment: [['NO_COLOR', '.Dots and \\back-slashes\\']], files: [['~/x', 'X']] },
  })
  const { stdout } = await execa('mandoc', ['-T', 'utf8', '-O', 'width=160'], { input: page })
  // Bold is a letter, a step back, and the letter again.
  const parts = stdout.split('')
  shown = parts.map((part, at) => (at < parts.length - 1 ? part.slice(0, -1) : part)).join('')
})

it('is a page that mandoc has nothing to say against', async () => {
  const { stdout } = await execa('mandoc', ['-T', 'lint', '-W', 'warning'], { input: page, reject: false })
  expect(stdout).toBe('')
})

it('has each command with its options', () => {
  for (const command of withSubcommands(program()).slice(1)) {
    if (command.name() === 'help') continue
    expect(shown).toContain(`fctorture ${pathOf(command)}`)
    for (const { long } of command.createHelp().visibleOptions(command)) expect(shown).toContain(long)
  }
})

it('shows text as it is', () => {
  expect(shown).toContain('.Dots and \\back-slashes\\')
})
