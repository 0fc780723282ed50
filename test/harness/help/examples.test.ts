import { expect, it } from 'vitest'
import { examplesOf } from '../../../harness/help/examples.js'
import { pathOf, program, recordingProgram, withSubcommands } from './program.js'

const all = withSubcommands(program()).flatMap((command) =>
  examplesOf(command).map(([line]) => [pathOf(command), line] as const),
)

it.each(all)('%s: `%s` is accepted', async (path, line) => {
  const [name, ...words] = line.split(' ')
  const { root, called } = recordingProgram()
  await root.parseAsync(words, { from: 'user' })
  expect(name).toBe('fctorture')
  expect(called).toHaveLength(1)
  expect(called[0]?.startsWith(path)).toBe(true)
})

it('takes an option that no command has for an error', async () => {
  await expect(
    recordingProgram().root.parseAsync(['run', 'CLOSE01', '--tim', '3'], { from: 'user' }),
  ).rejects.toThrow("unknown option '--tim'")
})

it('has an example for each command that does something, and a group for each', () => {
  const without = withSubcommands(program()).filter(
    (command) => command.commands.length === 0 && examplesOf(command).length === 0,
  )
  expect(without.map(pathOf)).toEqual([])
  expect(program().helpInformation()).not.toContain('\nCommands:')
})

it('shows examples at the end of the help', () => {
  const run = program().commands.find((command) => command.name() === 'run')
  let help = ''
  run?.configureOutput({ writeOut: (text) => (help += text) }).outputHelp()
  expect(help).toMatch(/Examples:\n {2}fctorture run CLOSE01 --time 60 --seed 42\n/)
})
