import { InvalidArgumentError } from 'commander'

const units = { s: 1, m: 60, h: 3600 }

/** "90s", "20m", "8h" as seconds. */
export function parseDuration(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([smh])$/.exec(text) ?? []
  const seconds = Number(number) * units[unit as keyof typeof units]
  if (seconds > 0) return seconds
  throw new InvalidArgumentError('It must be a time such as 90s, 20m or 8h.')
}
