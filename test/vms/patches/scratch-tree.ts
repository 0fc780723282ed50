import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'

function makeFolder(): string {
  return mkdtempSync(join(realpathSync(tmpdir()), 'fct-test-patches-'))
}

/** A mail of the NFS list as an archive shows it: a reply to a review of a patch, all runs of white space collapsed. */
export const seedMail = 'test/fixtures/patches/review-v4-3of5.txt'

/** A folder that is gone after the test. */
export function scratchFolder(): string {
  const folder = makeFolder()
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export type Files = Readonly<Record<string, string>>

export function writeFiles(folder: string, files: Files): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text, 'latin1')
  }
  return folder
}

/** Writes one file into a folder of its own. @returns its path. */
export function writePatch(text: string, name = 'one.patch'): string {
  return join(writeFiles(scratchFolder(), { [name]: text }), name)
}

export function scratchTree(files: Files): string {
  return writeFiles(scratchFolder(), files)
}

export function readTree(tree: string, path: string): string {
  return readFileSync(join(tree, path), 'latin1')
}

/** Runs git as a user would, in a repository of the test's own. */
export function git(folder: string, ...args: string[]): string {
  const identity = ['-c', 'user.name=Tester', '-c', 'user.email=tester@example.org']
  return execFileSync('git', [...identity, ...args], { cwd: folder, encoding: 'latin1' })
}

/** A repository with a commit per state. */
export function repositoryWith(...states: readonly (readonly [subject: string, files: Files])[]): string {
  const folder = scratchFolder()
  git(folder, 'init', '-q')
  for (const [subject, files] of states) commit(folder, subject, files)
  return folder
}

function commit(folder: string, subject: string, files: Files): void {
  writeFiles(folder, files)
  git(folder, 'add', '-A')
  git(folder, 'commit', '-q', '-m', subject)
}

/** The diff from one state of a tree's files to another, as git makes it. */
export function diffBetween(before: Files, after: Files): string {
  const folder = makeFolder()
  try {
    mkdirSync(join(folder, 'a'))
    mkdirSync(join(folder, 'b'))
    writeFiles(join(folder, 'a'), before)
    writeFiles(join(folder, 'b'), after)
    const options = ['diff', '--no-index', '--no-prefix', '-M', 'a', 'b']
    // Exit status 1 says that there are differences.
    const { stdout } = spawnSync('git', options, { cwd: folder, encoding: 'latin1' })
    return stdout.replace(/^(rename|copy) (from|to) [ab]\//gm, '$1 $2 ')
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** A mail that quotes a text so many levels deep. */
export function quote(text: string, level = 1): string {
  const marks = '> '.repeat(level)
  const quoted = text.trimEnd().split('\n')
  return ['From: Reviewer <reviewer@example.org>', 'Subject: Re: [PATCH] nfsd: x', '']
    .concat(quoted.map((line) => `${marks}${line}`.trimEnd()))
    .join('\n')
    .concat('\n')
}

/** What an archive leaves of a text that takes all runs of white space for one blank, and for none at a line's start. */
export function collapseWhiteSpace(text: string): string {
  return text.replace(/[ \t]+/g, ' ').replace(/^ | $/gm, '')
}
