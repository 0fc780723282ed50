import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { execaSync } from 'execa'
import { describe, expect, it } from 'vitest'
import { packageRoot } from '../../../harness/folders.js'
import { firstUnsaid, printedCommands } from '../../console-blocks.js'
import { recordingProgram } from './program.js'

/** `[--option]` in usages stands for itself; what the shell does with the rest of a line is not ours. */
function commandLines(text: string): string[] {
  const lines = [...text.matchAll(/^(?: {4}|\$ )((?:npx )?fctorture (?:.*\\\n)*.*)/gm)]
  return lines.flatMap(([, line = '']) => {
    const plain = line.replaceAll(/\\\n|[[\]]/g, ' ').replace(/\s#\s.*/, '')
    return plain.split(/[;|>]|&&/).filter((part) => /\bfctorture\b/.test(part))
  })
}

function wordsOf(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, ...word]) => word.join(''))
}

const files = execaSync('git', ['ls-files', '*.md'], { cwd: packageRoot }).stdout.split('\n')
const printed = files.flatMap((file) =>
  commandLines(readFileSync(join(packageRoot, file), 'utf8')).map((line) => [file, line.trim()] as const),
)

it.each(printed)('%s: `%s` is accepted', async (_file, line) => {
  const { root, called } = recordingProgram()
  const words = wordsOf(line.replace(/^npx /, '')).slice(1)
  const isHelp = words.includes('--help')
  const parsed = root.parseAsync(words, { from: 'user' })
  if (isHelp) await expect(parsed).rejects.toMatchObject({ code: 'commander.helpDisplayed' })
  else await parsed
  expect(called).toHaveLength(isHelp ? 0 : 1)
})

it('finds the commands of README.md and TUTORIAL.md', () => {
  for (const file of ['README.md', 'TUTORIAL.md'])
    expect(printed.filter(([name]) => name === file).length, file).toBeGreaterThan(5)
})

describe('console blocks', () => {
  const text = ['```console', '$ one \\', '    --two', 'said 1', '$ echo $?', '3', '```', '$ no', '']

  it('are commands with what they say and how they end', () => {
    expect(printedCommands(text.join('\n'))).toEqual([
      { line: 2, command: 'one --two', output: ['said 1'], exit: 3 },
    ])
  })

  it.each([
    [['a 1'], ['a   22.5'], undefined],
    [['a', '...', 'b'], ['a', 'x', 'y', 'b'], undefined],
    [['...'], [], undefined],
    [['a', 'b'], ['a', 'x', 'b'], 'b'],
    [['PASS'], ['FAIL'], 'PASS'],
    [['PASS ...', '█▉ 0.99'], ['PASS of all', '██▏ 1.0'], undefined],
    [['PASS ...'], ['FAIL of all'], 'PASS ...'],
    [['a'], ['a', 'x'], 'nothing, where it says: x'],
  ])('%j, printed, of %j', (lines, said, missing) => {
    expect(firstUnsaid(lines, said)).toBe(missing)
  })
})
