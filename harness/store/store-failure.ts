import { FctError, messageOf } from '../fct-error.js'

/** What kept a file from being written, with a code: FCT_DISK_FULL (no space, or a quota) or FCT_STORE_FAILED. */
export function storeFailure(error: unknown, path: string): FctError {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new FctError(
      'FCT_DISK_FULL',
      `there is no space left for ${path}`,
      'Free some, or name another folder with --runs.',
      {
        cause: error,
      },
    )
  return new FctError('FCT_STORE_FAILED', `${path} cannot be written: ${messageOf(error)}`, '', {
    cause: error,
  })
}
