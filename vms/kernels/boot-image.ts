import { existsSync } from 'node:fs'
import { open, realpath, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { FctError } from '../../harness/fct-error.js'

/** What belongs to a kernel image that somebody else built. */
export interface ImageParts {
  readonly release: string
  readonly image: string
  readonly config: string
  /** What `make -C` takes. */
  readonly headers: string
  /** `/lib/modules/RELEASE`; undefined in a build tree, whose modules have to be installed first. */
  readonly modules: string | undefined
}

/** Offsets in the setup header: Documentation/arch/x86/boot.rst, "The real-mode kernel header". */
const magicOffset = 0x202
const versionOffset = 0x20e
const setupStart = 0x200
const headerEnd = 0x300
const longestRelease = 256
/**
 * "6.1.0-56-amd64 (user@host) #1 ...": arch/x86/boot/version.c. Folders are named by it, hence no slash, and a digit first; the
 * blank is missing where the file is cut off.
 */
const releaseBefore = /^\d[\x21-\x2e\x30-\x7e]*(?= )/

/**
 * `uname -r` of a bzImage, from its setup header.
 *
 * @throws FctError FCT_IMAGE_NOT_FOUND, FCT_IMAGE_UNREADABLE, FCT_IMAGE_NOT_A_KERNEL
 */
export async function readKernelRelease(path: string): Promise<string> {
  const file = await open(path).catch((error: unknown) => {
    throw cannotOpen(path, error as NodeJS.ErrnoException)
  })
  try {
    return await readRelease(file, path)
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'EISDIR' ? notAKernel(path) : error
  } finally {
    await file.close()
  }
}

function cannotOpen(path: string, error: NodeJS.ErrnoException): FctError {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR')
    return new FctError('FCT_IMAGE_NOT_FOUND', `there is no kernel image ${path}`)
  const advice = 'Debian lets only root read the images in /boot: run as root, or name a copy.'
  return new FctError('FCT_IMAGE_UNREADABLE', `cannot read ${path}: ${error.message}`, advice)
}

async function readRelease(file: FileHandle, path: string): Promise<string> {
  const header = await readAt(file, 0, headerEnd)
  const isWhole = header.length === headerEnd
  if (!isWhole || header.toString('latin1', magicOffset, magicOffset + 4) !== 'HdrS') throw notAKernel(path)
  const text = await readAt(file, setupStart + header.readUInt16LE(versionOffset), longestRelease)
  const release = releaseBefore.exec(text.toString('latin1'))?.[0]
  if (release === undefined) throw notAKernel(path)
  return release
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length)
  const { bytesRead } = await file.read({ buffer, position })
  return buffer.subarray(0, bytesRead)
}

function notAKernel(path: string): FctError {
  return new FctError(
    'FCT_IMAGE_NOT_A_KERNEL',
    `${path} is no x86 kernel image`,
    'A bzImage is needed: arch/x86/boot/bzImage of a build tree, or vmlinuz-RELEASE as it is installed.',
  )
}

/**
 * Finds modules, headers and configuration of an image by where it lies, symbolic links followed: in a build tree (arch/x86/boot/bzImage), or installed
 * (ROOT/boot/vmlinuz-RELEASE with ROOT/lib/modules/RELEASE and its headers).
 *
 * @throws FctError FCT_IMAGE_*, with the places that were looked at
 */
export async function findImageParts(path: string): Promise<ImageParts> {
  const release = await readKernelRelease(path)
  const image = await realpath(path)
  const tree = /^(.*)\/arch\/x86(?:_64)?\/boot\/bzImage$/.exec(image)?.[1]
  if (tree !== undefined) {
    const config = firstOf('FCT_IMAGE_NO_HEADERS', 'configuration', image, [join(tree, '.config')])
    return { release, image, config, headers: tree, modules: undefined }
  }
  const boot = dirname(image)
  const root = dirname(boot)
  const modules = firstOf('FCT_IMAGE_NO_MODULES', 'modules', image, [
    join(root, 'lib', 'modules', release),
    join(root, 'usr', 'lib', 'modules', release),
  ])
  const headers = firstOf('FCT_IMAGE_NO_HEADERS', 'headers', image, [
    join(root, 'usr', 'src', `linux-headers-${release}`),
    join(modules, 'build'),
  ])
  const config = firstOf('FCT_IMAGE_NO_HEADERS', 'configuration', image, [
    join(boot, `config-${release}`),
    join(modules, 'config'),
    join(headers, '.config'),
  ])
  return { release, image, config, headers, modules }
}

function firstOf(code: `FCT_${string}`, what: string, image: string, places: readonly string[]): string {
  const found = places.find((place) => existsSync(place))
  if (found !== undefined) return found
  throw new FctError(code, `${image} has no ${what}`, `Looked for: ${places.join(', ')}`)
}
