import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of fctorture's package.json, from the sources as well as from dist/. */
export const packageRoot = findPackageRoot(dirname(fileURLToPath(import.meta.url)))

function findPackageRoot(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : findPackageRoot(dirname(folder))
}

/** Where everything is kept that can be made again: $XDG_CACHE_HOME/fctorture. */
export function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'fctorture')
}

/** Where run folders are kept: $XDG_DATA_HOME/fctorture/runs. */
export function runsFolder(): string {
  return join(dataFolder(), 'runs')
}

/** The store of what every night found: $XDG_DATA_HOME/fctorture/history.sqlite. */
export function historyFile(): string {
  return join(dataFolder(), 'history.sqlite')
}

/** Where the states of searches are kept: $XDG_DATA_HOME/fctorture/bisects. */
export function bisectsFolder(): string {
  return join(dataFolder(), 'bisects')
}

/** Where everything is kept that was found: $XDG_DATA_HOME/fctorture. */
export function dataFolder(): string {
  return join(process.env['XDG_DATA_HOME'] ?? join(homedir(), '.local', 'share'), 'fctorture')
}

/** What the user has written down for fctorture: $XDG_CONFIG_HOME/fctorture. */
export function configFolder(): string {
  return join(process.env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'), 'fctorture')
}
