import { checkPath, checkString } from './arguments.js'
import { native } from './native.js'

/**
 * Reads a small file of debugfs or tracefs whole.
 *
 * @throws Error as Node's own, with code, errno, syscall and path.
 */
export function readDebugfs(path: string): string {
  return native().readDebugfs(checkPath(path, 'path'))
}

/**
 * Writes a knob: one open, one write, so that a value that the kernel refuses is the error of that write.
 *
 * @throws Error as Node's own, with code, errno, syscall and path.
 */
export function writeDebugfs(path: string, value: string): void {
  native().writeDebugfs(checkPath(path, 'path'), checkString(value, 'value'))
}
