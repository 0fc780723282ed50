/** What a failed build says first, most telling pattern first. Later errors follow from earlier ones. */
const patterns = [
  /^.*\b(?:fatal )?error: .*$/m,
  /^.*undefined reference to .*$/m,
  /^(?:ERROR|error): modpost: .*$/im,
  /^.*: undefined!$/m,
  /^.*No rule to make target.*$/m,
  /^.*: (?:command )?not found$/m,
  /^.*\*\*\* .*$/m,
  /^.*Killed.*$/m,
]

/** The first error in the output of a kernel's or a module's build; undefined if nothing looks like one. */
export function findFirstError(log: string): string | undefined {
  for (const pattern of patterns) {
    const line = pattern.exec(log)?.[0]
    if (line !== undefined) return line.trim()
  }
  return undefined
}

/** Packages without which the build of a kernel ends with an error that does not name them. */
const needs = [
  [/\bflex: (?:command )?not found|flex: No such file/, 'flex'],
  [/\bbison: (?:command )?not found|bison: No such file/, 'bison'],
  [/\bbc: (?:command )?not found|bc: No such file/, 'bc'],
  [/\bccache: (?:command )?not found|ccache: No such file/, 'ccache'],
  [/\bgelf\.h: No such file|libelf\.h: No such file/, 'libelf-dev'],
  [/openssl\/\w+\.h: No such file/, 'libssl-dev'],
] as const

/** "install flex" for a build that lacks a program or a header. */
export function findMissingPackage(log: string): string | undefined {
  return needs.find(([pattern]) => pattern.test(log))?.[1]
}
