import { join } from 'node:path'
import type { ResultAutopsy } from '../verdict/result.js'
import { printable } from './figures.js'

/** What was taken from a guest that did not talk any more, and where it is. */
export function describeAutopsy(
  run: string,
  { folder, files, missing, recovered = [], dumpIn }: ResultAutopsy,
): string {
  const parts = [
    ...(files.length > 0 ? [`${files.join(', ')} in ${join(run, folder)}`] : []),
    ...(dumpIn === undefined ? [] : [`one that died of the same left its vmcore in ${join(dumpIn, folder)}`]),
    ...describeRecovered(recovered),
    ...missing.map((what) => `not to be had: ${what}`),
  ]
  return printable(parts.join('; '))
}

function describeRecovered(recovered: NonNullable<ResultAutopsy['recovered']>): string[] {
  const sum = (key: 'pages' | 'missed'): number => recovered.reduce((total, cpu) => total + cpu[key], 0)
  if (sum('pages') === 0) return []
  return [
    `the end of the trace from its memory (pages: ${sum('pages')}; events missing before: ${sum('missed')})`,
  ]
}
