import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { resolve } from 'node:path'

/** Where a git tree is and what is wanted of it. */
export interface TreeName {
  /** Absolute. */
  readonly path: string
  /** Anything that git can resolve; undefined for the working tree as it is, uncommitted changes included. */
  readonly revision: string | undefined
}

/** Reads `tree:PATH[@REVISION]`. A path that exists with its `@` is a path. */
export function readTreeName(name: string): TreeName {
  const text = name.slice('tree:'.length)
  const whole = toPath(text)
  const at = text.lastIndexOf('@')
  if (at <= 0 || existsSync(whole)) return { path: whole, revision: undefined }
  return { path: toPath(text.slice(0, at)), revision: text.slice(at + 1) }
}

function toPath(text: string): string {
  return resolve(text.replace(/^~(?=\/|$)/, homedir()))
}
