import { FctError } from '../../harness/fct-error.js'

/** One line of a Kconfig fragment. */
export interface ConfigLine {
  /** `guest.config:12` */
  readonly where: string
  readonly symbol: string
  /** `y`, `m`, a number, a quoted text, or `n` for "is not set". */
  readonly value: string
  /** May be unknown to a kernel; the fragment says why. */
  readonly isOptional: boolean
}

export interface Fragment {
  readonly name: string
  readonly text: string
}

/**
 * Reads fragments: `CONFIG_X=value` or `# CONFIG_X is not set`, each with an optional "# optional: REASON" behind it; other
 * lines that begin with # are comments. A later line for the same symbol takes the place of an earlier one.
 *
 * @throws FctError FCT_KERNEL_CONFIG for a line that is neither
 */
export function readFragments(fragments: readonly Fragment[]): ConfigLine[] {
  const bySymbol = new Map<string, ConfigLine>()
  for (const { name, text } of fragments) {
    for (const [index, line] of text.split('\n').entries()) {
      const read = readLine(line, `${name}:${index + 1}`)
      if (read !== undefined) bySymbol.set(read.symbol, read)
    }
  }
  return [...bySymbol.values()]
}

function readLine(line: string, where: string): ConfigLine | undefined {
  const [setting = '', reason] = line.split(/\s+# optional: /)
  const isOptional = reason !== undefined
  const off = /^# CONFIG_(\w+) is not set$/.exec(setting)?.[1]
  if (off !== undefined) return { where, symbol: off, value: 'n', isOptional }
  const [, symbol, value] = /^CONFIG_(\w+)=(\S+|".*")$/.exec(setting) ?? []
  if (symbol !== undefined && value !== undefined) return { where, symbol, value, isOptional }
  if (/^\s*(#|$)/.test(setting)) return undefined
  throw new FctError(
    'FCT_KERNEL_CONFIG',
    `${where}: ${JSON.stringify(line)} is no line of a Kconfig fragment`,
  )
}

/** The fragments as one file that `make allnoconfig` takes as KCONFIG_ALLCONFIG. */
export function formatConfig(lines: readonly ConfigLine[]): string {
  return lines
    .map(({ symbol, value }) =>
      value === 'n' ? `# CONFIG_${symbol} is not set\n` : `CONFIG_${symbol}=${value}\n`,
    )
    .join('')
}

/**
 * Compares what was asked for with the configuration that came of it: Kconfig drops silently what it does not know and
 * what depends on something that is off.
 *
 * @param config The .config file.
 * @param isKnown Whether any Kconfig file of the tree defines the symbol.
 * @throws FctError FCT_KERNEL_CONFIG with a line for each that did not take effect
 */
export function checkConfig(
  lines: readonly ConfigLine[],
  config: string,
  isKnown: (symbol: string) => boolean,
): void {
  const got = new Map(
    [...config.matchAll(/^CONFIG_(\w+)=(.*)$/gm)].map(([, symbol = '', value = '']) => [symbol, value]),
  )
  const missed = lines.filter(({ symbol, value, isOptional }) => {
    const isAsWanted = (got.get(symbol) ?? 'n') === value
    return !isAsWanted && !(isOptional && !isKnown(symbol))
  })
  if (missed.length === 0) return
  const details = missed.map(({ where, symbol, value }) => {
    const outcome = isKnown(symbol) ? `got ${got.get(symbol) ?? 'n'}` : 'unknown symbol'
    return `${where}: CONFIG_${symbol}=${value}: ${outcome}`
  })
  const count = `${missed.length} of ${lines.length} lines`
  throw new FctError(
    'FCT_KERNEL_CONFIG',
    `the configuration did not take effect: ${count}`,
    details.join('\n'),
  )
}
