import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from '../tree-path.js'
import { squeeze } from '../white-space.js'

/** A file of the tree, by lines. */
export class SourceFile {
  readonly lines: readonly string[]
  /** The lines without white space. */
  readonly squeezed: readonly string[]
  readonly endsWithNewline: boolean
  private readonly places: ReadonlyMap<string, readonly number[]>

  constructor(text: string) {
    const lines = text.split('\n')
    this.endsWithNewline = lines.at(-1) === ''
    if (this.endsWithNewline) lines.pop()
    this.lines = lines
    this.squeezed = lines.map(squeeze)
    this.places = indexLines(this.squeezed)
  }

  /** Indices of the lines that are this one but for white space; ascending. */
  findSqueezed(squeezed: string): readonly number[] {
    return this.places.get(squeezed) ?? []
  }

  /** @returns undefined if there is no such file. @throws FctError FCT_PATCH_PATH if it is reached through a link. */
  static async read(tree: string, path: string): Promise<SourceFile | undefined> {
    if ((await inspect(tree, path)) === undefined) return undefined
    return new SourceFile(await readFile(join(tree, path), 'latin1'))
  }
}

function indexLines(lines: readonly string[]): Map<string, number[]> {
  const places = new Map<string, number[]>()
  for (const [index, line] of lines.entries()) {
    const known = places.get(line)
    if (known === undefined) places.set(line, [index])
    else known.push(index)
  }
  return places
}
