import { native } from './native.js'

/**
 * Two ends of a connection, as descriptors: child processes have one each if it is passed to them, nobody else can reach it, and it
 * is gone with them. The caller closes both.
 *
 * @throws Error as Node's own, with code, errno and syscall.
 */
export function socketPair(): readonly [number, number] {
  return native().socketPair()
}
