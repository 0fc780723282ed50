import { decideGuests, hostCapacity, type Capacity } from '../target/pool.js'

/** As many guests at a time as the user says, else as many as this host can have; then `command` says how many, and why. */
export function decideJobs(command: string, jobs: number | undefined, guest?: Capacity): number {
  if (jobs !== undefined) return jobs
  const { guests, because } = decideGuests(hostCapacity(), guest)
  process.stderr.write(
    `${command}: ${String(guests)} guest${guests === 1 ? '' : 's'} at a time: ${because}\n`,
  )
  return guests
}
