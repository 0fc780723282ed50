import { formatHunkHeader } from '../hunk-header.js'
import type { DiffLine, FileChange, Hunk } from '../patch.js'

/** Writes file changes as a diff that `git apply` takes with -p1. */
export function formatDiff(files: readonly FileChange[]): string {
  return files
    .map((file) => [...headerLines(file), ...file.hunks.flatMap(hunkLines)].join('\n') + '\n')
    .join('')
}

function headerLines({ change, path, oldPath, mode, hunks }: FileChange): string[] {
  const octal = (0o100000 + (mode ?? 0o644)).toString(8)
  const names = [
    `--- ${change === 'added' ? '/dev/null' : `a/${oldPath}`}`,
    `+++ ${change === 'deleted' ? '/dev/null' : `b/${path}`}`,
  ]
  const extended: Record<FileChange['change'], string[]> = {
    // The old mode is only compared for a warning.
    modified:
      mode === undefined ? [] : [`old mode ${mode === 0o755 ? '100644' : '100755'}`, `new mode ${octal}`],
    added: [`new file mode ${octal}`],
    deleted: ['deleted file mode 100644'],
    renamed: [`rename from ${oldPath}`, `rename to ${path}`],
    copied: [`copy from ${oldPath}`, `copy to ${path}`],
  }
  return [`diff --git a/${oldPath} b/${path}`, ...extended[change], ...(hunks.length === 0 ? [] : names)]
}

function hunkLines(hunk: Hunk): string[] {
  return [formatHunkHeader(hunk), ...hunk.lines.flatMap(diffLines)]
}

function diffLines({ mark, text, endsWithoutNewline }: DiffLine): string[] {
  return endsWithoutNewline ? [mark + text, '\\ No newline at end of file'] : [mark + text]
}
