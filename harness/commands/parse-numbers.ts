import { InvalidArgumentError } from 'commander'

export function parseSeconds(text: string): number {
  const seconds = Number(text)
  if (!(seconds >= 1 && seconds <= 86_400))
    throw new InvalidArgumentError('It must be a number of seconds from 1 to 86400.')
  return seconds
}

export function parseSeed(text: string): number {
  const seed = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(seed)) {
    throw new InvalidArgumentError(`It must be a whole number from 0 to ${Number.MAX_SAFE_INTEGER}.`)
  }
  return seed
}

export function parseJobs(text: string): number {
  const jobs = Number(text)
  if (!(Number.isInteger(jobs) && jobs >= 1 && jobs <= 64))
    throw new InvalidArgumentError('It must be a whole number from 1 to 64.')
  return jobs
}
