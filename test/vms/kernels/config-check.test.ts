import { describe, expect, it } from 'vitest'
import type { FctError } from '../../../harness/fct-error.js'
import { checkConfig, formatConfig, readFragments } from '../../../vms/kernels/config-check.js'

const fragment = (text: string, name = 'guest.config') => ({ name, text })

describe('readFragments', () => {
  it('reads settings, settings that are off, and reasons for optional ones', () => {
    const text = [
      '# A comment about CONFIG_KASAN.',
      'CONFIG_NFSD=m',
      '',
      '# CONFIG_LOCALVERSION_AUTO is not set',
      'CONFIG_SHRINKER_DEBUG=y  # optional: since 6.0',
      'CONFIG_CMDLINE="a b"',
    ]
    expect(readFragments([fragment(text.join('\n'))])).toEqual([
      { where: 'guest.config:2', symbol: 'NFSD', value: 'm', isOptional: false },
      { where: 'guest.config:4', symbol: 'LOCALVERSION_AUTO', value: 'n', isOptional: false },
      { where: 'guest.config:5', symbol: 'SHRINKER_DEBUG', value: 'y', isOptional: true },
      { where: 'guest.config:6', symbol: 'CMDLINE', value: '"a b"', isOptional: false },
    ])
  })

  it('lets a later fragment overrule an earlier one', () => {
    const lines = readFragments([
      fragment('CONFIG_LOG_BUF_SHIFT=18\nCONFIG_SMP=y'),
      fragment('CONFIG_LOG_BUF_SHIFT=20', 'kasan.config'),
    ])
    expect(formatConfig(lines)).toBe('CONFIG_LOG_BUF_SHIFT=20\nCONFIG_SMP=y\n')
    expect(lines[0]?.where).toBe('kasan.config:1')
  })

  it('refuses a line that is neither a setting nor a comment', () => {
    expect(() => readFragments([fragment('CONFIG_SMP=y\nNFSD=m')])).toThrow(
      expect.objectContaining({
        code: 'FCT_KERNEL_CONFIG',
        message: expect.stringContaining('guest.config:2') as string,
      }) as Error,
    )
  })
})

describe('checkConfig', () => {
  const known = (symbol: string): boolean => ['NFSD', 'KASAN', 'SMP'].includes(symbol)
  const check = (asked: string, got: string): string => {
    try {
      checkConfig(readFragments([fragment(asked)]), got, known)
      return 'ok'
    } catch (error) {
      return (error as FctError).detail
    }
  }

  it('is content when every line took effect', () => {
    expect(
      check('CONFIG_NFSD=m\n# CONFIG_KASAN is not set', 'CONFIG_NFSD=m\n# CONFIG_KASAN is not set\n'),
    ).toBe('ok')
    expect(check('# CONFIG_KASAN is not set', '')).toBe('ok')
  })

  it('names file, line, what was asked and what came of it', () => {
    expect(check('CONFIG_SMP=y\nCONFIG_NFSD=m', 'CONFIG_SMP=y\nCONFIG_NFSD=y\n')).toBe(
      'guest.config:2: CONFIG_NFSD=m: got y',
    )
    expect(check('CONFIG_NFSD=m', '# CONFIG_NFSD is not set\n')).toBe('guest.config:1: CONFIG_NFSD=m: got n')
    expect(check('# CONFIG_KASAN is not set', 'CONFIG_KASAN=y\n')).toBe(
      'guest.config:1: CONFIG_KASAN=n: got y',
    )
  })

  it('tells a symbol that no Kconfig file defines', () => {
    expect(check('CONFIG_NFSDD=m', '')).toBe('guest.config:1: CONFIG_NFSDD=m: unknown symbol')
  })

  it('excuses an optional line only where its symbol is unknown', () => {
    expect(check('CONFIG_SHRINKER_DEBUG=y # optional: since 6.0', '')).toBe('ok')
    expect(check('CONFIG_KASAN=y # optional: since 4.0', '')).toBe('guest.config:1: CONFIG_KASAN=y: got n')
  })
})
