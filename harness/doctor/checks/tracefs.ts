import { existsSync } from 'node:fs'
import { asRoot, note, ok, type Check } from '../check.js'

/** Guests have their own; the host's is for the tests and for `trace-cmd record` here. */
export const tracefs: Check = {
  code: 'FCT_DOCTOR_TRACEFS',
  title: 'tracefs',
  look: () => {
    const found = ['/sys/kernel/tracing', '/sys/kernel/debug/tracing'].find((path) =>
      existsSync(`${path}/events`),
    )
    if (found !== undefined) return [ok(found)]
    return [
      note(
        'not mounted, or not for this user; guests do not need it',
        asRoot('mount -t tracefs nodev /sys/kernel/tracing'),
      ),
    ]
  },
}
