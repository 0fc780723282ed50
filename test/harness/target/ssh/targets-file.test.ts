import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { findTarget } from '../../../../harness/target/ssh/targets-file.js'

const folder = mkdtempSync(join(tmpdir(), 'fct-test-targets-'))
const file = join(folder, 'targets.yaml')

afterAll(() => {
  rmSync(folder, { recursive: true })
})

function find(text: string, name = 'lab') {
  writeFileSync(file, text)
  return findTarget(name, file)
}

describe('a targets file', () => {
  it('says how a machine is reached and what can be done to it', () => {
    const target = find(`targets:
  lab:
    address: ssh://root@lab7:2222
    identity: [~/.ssh/lab]
    hooks:
      power: { cycle: [pdu, cycle, '7'] }
      console: [console, -M, conserver, lab7]
`)
    expect(target).toEqual({
      address: 'ssh://root@lab7:2222',
      identity: [join(homedir(), '.ssh/lab')],
      knownHosts: [],
      bootSeconds: 300,
      hooks: { power: { cycle: ['pdu', 'cycle', '7'] }, console: ['console', '-M', 'conserver', 'lab7'] },
    })
  })

  it.each([
    ['no YAML', 'targets: [', 'FCT_TARGETS_INVALID', /targets\.yaml:1: /],
    ['another document', '- lab', 'FCT_TARGETS_INVALID', /targets\.yaml:1: /],
    [
      'a command for a shell',
      lab('hooks: { reset: "ipmitool power reset" }'),
      'FCT_TARGETS_INVALID',
      /:4: .*a list/,
    ],
    ['an empty command', lab('hooks: { reset: [] }'), 'FCT_TARGETS_INVALID', /:4: .*reset/],
    ['a program without a name', lab("hooks: { console: [''] }"), 'FCT_TARGETS_INVALID', /no name/],
    ['half a power switch', lab('hooks: { power: { off: [pdu, off] } }'), 'FCT_TARGETS_INVALID', /cycle/],
    ['a field that is unknown', lab('password: x'), 'FCT_TARGETS_INVALID', /password/],
    ['a deadline that is none', lab('bootSeconds: -1'), 'FCT_TARGETS_INVALID', /:4: .*bootSeconds/],
    ['an address that is none', 'targets: { lab: { address: "http://lab" } }', 'FCT_TARGETS_INVALID', /ssh:/],
    ['a name with a path', 'targets: { ../lab: { address: "ssh://lab" } }', 'FCT_TARGETS_INVALID', /letters/],
    [
      'other machines',
      'targets: { lob: { address: "ssh://lab" } }',
      'FCT_TARGET_UNKNOWN',
      /did you mean lob/,
    ],
    ['no machine', 'targets: {}', 'FCT_TARGET_UNKNOWN', /no target "lab"/],
  ])('is refused with %s in it', (_, text, code, message) => {
    expect(() => find(text)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) as string }),
    )
  })

  it('has no target that is only a word of JavaScript', () => {
    expect(() => find('targets: {}', 'constructor')).toThrow(
      expect.objectContaining({ code: 'FCT_TARGET_UNKNOWN' }),
    )
  })

  it('is missed', () => {
    expect(() => findTarget('lab', join(folder, 'none.yaml'))).toThrow(
      expect.objectContaining({ code: 'FCT_TARGETS_UNREADABLE' }),
    )
  })
})

function lab(line: string): string {
  return `targets:\n  lab:\n    address: ssh://lab\n    ${line}\n`
}
