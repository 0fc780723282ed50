import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Path of this fctorture's own fctorture.node: as it was built here, or else as the package brought it for this kind of machine. */
export function addonFile(): string {
  const root = packageRoot(dirname(fileURLToPath(import.meta.url)))
  const built = join(root, 'build', 'Release', 'fctorture.node')
  const brought = join(root, 'prebuilds', `${process.platform}-${process.arch}`, 'fctorture.node')
  return !existsSync(built) && existsSync(brought) ? brought : built
}

/** The folder of the package.json found upwards, from the sources as well as from dist/. */
function packageRoot(folder: string): string {
  const isTop = existsSync(join(folder, 'package.json')) || dirname(folder) === folder
  return isTop ? folder : packageRoot(dirname(folder))
}
