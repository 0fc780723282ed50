import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { completionModel } from '../../../harness/help/completion-model.js'
import { completionScript, shells, type Shell } from '../../../harness/help/completion-scripts.js'
import { program } from './program.js'

let folder = ''

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fct-completion-'))
  const names = { kernel: ['debian:6.1', 'debian:6.12', 'host'], scenario: ['CLOSE01', 'CLOSE02', "O'DD"] }
  for (const shell of shells)
    writeFileSync(join(folder, shell), completionScript(shell, completionModel(program(), names)))
  writeFileSync(join(folder, 'plan.yaml'), '')
})

afterAll(() => {
  rmSync(folder, { recursive: true })
})

/** What the real shell offers for a line that ends at the cursor. */
async function offered(shell: Shell, line: string): Promise<string[]> {
  const asked: Record<Shell, readonly string[]> = {
    bash: ['--norc', '-c', askBash, 'bash', line],
    zsh: ['-f', '-c', askZsh, 'zsh', line],
    fish: ['--no-config', '-c', 'source fish; complete -C $argv[1]', '--', line],
  }
  const { stdout } = await execa(shell, asked[shell], { cwd: folder, env: { HOME: folder }, timeout: 60_000 })
  // fish and zsh say what a word means behind it.
  return stdout
    .split('\n')
    .map((text) => text.split('\t')[0]!.trim())
    .filter((text) => text !== '')
}

const askBash = `source ./bash
COMP_LINE=$1 COMP_POINT=\${#1}
_fctorture
printf '%s\\n' "\${COMPREPLY[@]}"`

/** Its completion runs on a terminal alone; what would be offered is written down instead. */
const askZsh = `zmodload zsh/zpty
zpty asked "zsh -f"
zpty -w asked 'PROMPT=; autoload -U compinit; compinit -u -D; source ./zsh'
zpty -w asked 'compadd() { local -a A; if [[ $* == *-[OAD]* ]]; then builtin compadd "$@"; else builtin compadd -O A "$@"; print -rl -- $A >>offers; fi }'
zpty -w asked 'try() { zle complete-word; print tried:$((1 + 1)) }; zle -N try; bindkey "^I" try; : >offers; print ready:$((1 + 1))'
while zpty -r asked out; do [[ $out == *ready:2* ]] && break; done
zpty -w -n asked "$1"$'\\t'
while zpty -r asked out; do [[ $out == *tried:2* ]] && break; done
cat offers`

describe.each(shells)('in %s', (shell) => {
  it('commands are completed, also below others', async () => {
    expect(await offered(shell, 'fctorture ru')).toEqual(['run'])
    expect(await offered(shell, 'fctorture kernel l')).toEqual(['list'])
  })

  it('scenarios and kernels are completed where they belong', async () => {
    expect(await offered(shell, 'fctorture run CLO')).toEqual(['CLOSE01', 'CLOSE02'])
    expect(await offered(shell, 'fctorture run CLOSE01 --kernel ')).toEqual(
      expect.arrayContaining(['debian:6.1', 'debian:6.12', 'host']),
    )
    expect(await offered(shell, 'fctorture run CLOSE01 --profile k')).toEqual(['kasan', 'kcsan'])
  })

  it('options are completed, and files', async () => {
    expect(await offered(shell, 'fctorture run CLOSE01 --ker')).toEqual(['--kernel'])
    expect(await offered(shell, 'fctorture nightly pl')).toEqual(['plan.yaml'])
  })
})

it('in bash, what is behind a colon is completed', async () => {
  expect(await offered('bash', 'fctorture run CLOSE01 --kernel debian:6.1')).toEqual(['6.1', '6.12'])
})
