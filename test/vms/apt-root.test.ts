import { expect, it } from 'vitest'
import { chooseMirrors, sourcesFor } from '../../vms/apt-root.js'

const suites = { suites: ['bookworm', 'bookworm-updates'], securitySuites: ['bookworm-security'] }

it("takes the mirrors from the host's own sources", () => {
  const targets = [
    'https://node.example/node_20.x/ nodistro',
    'http://mirror.example/debian/ bookworm',
    'http://mirror.example/debian/ bookworm-updates',
    'http://mirror.example/debian-security/ bookworm-security',
  ].join('\n')
  const mirrors = chooseMirrors(targets)
  expect(mirrors).toEqual({
    main: 'http://mirror.example/debian/',
    security: 'http://mirror.example/debian-security/',
  })
  expect(sourcesFor(suites, mirrors).split('\n')).toEqual([
    expect.stringMatching(
      /^deb \[signed-by=\S+\] http:\/\/mirror\.example\/debian\/ bookworm main$/,
    ) as string,
    expect.stringContaining('/debian/ bookworm-updates main') as string,
    expect.stringContaining('/debian-security/ bookworm-security main') as string,
    '',
  ])
})

it('does without a security mirror that the host does not have', () => {
  const mirrors = chooseMirrors('http://mirror.example/debian bookworm')
  expect(mirrors.security).toBeUndefined()
  expect(sourcesFor(suites, mirrors)).not.toContain('security')
})

it('says what is missing on a host without a Debian archive', () => {
  expect(() => chooseMirrors('http://mirror.example/ubuntu jammy')).toThrow(
    expect.objectContaining({ code: 'FCT_APT_NO_MIRROR' }) as Error,
  )
})
