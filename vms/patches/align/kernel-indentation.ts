const tabWidth = 8

/**
 * Follows C code line by line and foretells how the next one is indented by the kernel's coding style
 * (Documentation/process/coding-style.rst, sections 1 and 3): a tab for each open brace and each control statement without
 * one, continued lines below the open parenthesis, comments with their stars in a column.
 *
 * It knows only what is common. After anything else (labels, macros, expressions continued without a parenthesis) it foretells
 * nothing until a line with known indentation comes by.
 */
export class KernelIndentation {
  /** Tabs before the next statement; undefined if that cannot be told. */
  private level: number | undefined = 0
  /** Where to go back to after the body of a control statement without braces. */
  private outerLevel: number | undefined
  /** What stands before the `/*` of an open comment. */
  private comment: string | undefined
  /** Columns that lines continued in open parentheses start at, the innermost last. */
  private readonly parentheses: number[] = []
  private statementLevel = 0
  private isControl = false

  /** What should stand before `text`, a line without its indentation; undefined if nothing can be said. */
  foretell(text: string): string | undefined {
    if (this.comment !== undefined) return text.startsWith('*') ? `${this.comment} ` : undefined
    if (text.endsWith('\\')) return undefined
    const column = this.parentheses.at(-1)
    if (column !== undefined)
      return '\t'.repeat(Math.floor(column / tabWidth)) + ' '.repeat(column % tabWidth)
    if (this.level === undefined || /^#|^(case\b|default\b)|^\w+:\s*$/.test(text)) return undefined
    const level = text.startsWith('}') ? (this.outerLevel ?? this.level) - 1 : this.level
    return level < 0 ? undefined : '\t'.repeat(level)
  }

  /** Goes on behind a line that stands with this indentation. */
  follow(indentation: string, text: string): void {
    if (text === '') return
    if (this.comment !== undefined) {
      if (text.includes('*/')) this.comment = undefined
      return
    }
    const code = withoutCommentsAndStrings(text)
    if (code.includes('/*')) this.comment = indentation
    const statement = code.replace(/\/\*.*$/, '').trimEnd()
    if (statement === '') return
    if (this.parentheses.length === 0) this.startStatement(indentation, text)
    this.countParentheses(indentation, statement)
    if (this.parentheses.length === 0) this.endLine(statement)
  }

  private startStatement(indentation: string, text: string): void {
    const level = /^\t*$/.test(indentation) ? indentation.length : undefined
    if (level === undefined || (this.level !== undefined && level < this.level)) this.outerLevel = undefined
    this.statementLevel = level ?? 0
    this.level = level
    this.isControl = control.test(text)
  }

  private countParentheses(indentation: string, statement: string): void {
    const before = widthOf(indentation)
    for (let index = 0; index < statement.length; index++) {
      if (statement[index] === '(') this.parentheses.push(before + index + 1)
      else if (statement[index] === ')') this.parentheses.pop()
    }
  }

  private endLine(statement: string): void {
    if (this.level === undefined) return
    if (statement.endsWith('{')) this.openBody(undefined)
    else if (/[;}]$/.test(statement)) this.closeStatement()
    else if (this.isControl) this.openBody(this.outerLevel ?? this.statementLevel)
    else if (statement.endsWith(',') || this.statementLevel === 0) this.level = this.statementLevel
    else this.level = undefined
  }

  private openBody(outerLevel: number | undefined): void {
    this.level = this.statementLevel + 1
    this.outerLevel = outerLevel
  }

  private closeStatement(): void {
    this.level = this.outerLevel ?? this.statementLevel
    this.outerLevel = undefined
  }
}

/** Statements that take a body: `if (x)`, `} else`, `list_for_each_entry(...)`. */
const control = /^(?:\}\s*)?(?:else|if|for|while|do|switch)\b|^\w*for_each\w*\s*\(/

function withoutCommentsAndStrings(text: string): string {
  return text
    .replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)+'/g, (quoted) => '_'.repeat(quoted.length))
    .replace(/\/\*.*?\*\//g, '')
    .replace(/\/\/.*$/, '')
    .trimEnd()
}

function widthOf(indentation: string): number {
  let width = 0
  for (const char of indentation) width += char === '\t' ? tabWidth - (width % tabWidth) : 1
  return width
}
