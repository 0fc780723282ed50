import { checkNumber } from './arguments.js'
import { native } from './native.js'

const mostMs = 2 ** 43
const mostBytes = 512

/**
 * Renews what a machine must not have in common with others that resume from the same snapshot: sets its clock, and has
 * its kernel's random numbers begin anew. For root.
 *
 * @param milliseconds Time since 1970.
 * @param entropy 1 to 512 bytes that nobody else has; each counts for 8 bits.
 * @throws Error as Node's own, with code, errno and syscall: EPERM for one who is not root.
 */
export function renewMachine(milliseconds: number, entropy: Uint8Array): void {
  if (!(entropy instanceof Uint8Array)) throw new TypeError('entropy must be a Uint8Array')
  if (entropy.length < 1 || entropy.length > mostBytes)
    throw new RangeError(`entropy must have 1 to ${mostBytes} bytes, not ${entropy.length}`)
  native().renewMachine(checkNumber(milliseconds, 'milliseconds', mostMs), entropy)
}
