// Owns what a check finds and how it is said: one line, with the place where an editor jumps to.
export interface Problem {
  /** Inside the mini program's folder, with slashes. */
  readonly file: string
  /** From 1, as editors count. */
  readonly line: number
  readonly column: number
  readonly message: string
}

/** Tells where in a text something is wrong. `offset` counts UTF-16 units; without one the whole file is meant. */
export const problemAt = (file: string, text: string, offset: number, message: string): Problem => {
  const before = text.slice(0, offset).split('\n')
  return { file, line: before.length, column: (before.at(-1) ?? '').length + 1, message }
}

/** Tells that something is wrong with a file as a whole. */
export const problemIn = (file: string, message: string): Problem => ({ file, line: 1, column: 1, message })

/** `miniprogram/pages/login/login.wxml:12:5 …` */
export const lineOf = (folder: string, { file, line, column, message }: Problem): string => `${folder}/${file}:${line}:${column} ${message}`

export const inOrder = (problems: readonly Problem[]): readonly Problem[] =>
  [...problems].sort((a, b) => a.file.localeCompare(b.file) || a.line - b.line || a.column - b.column || a.message.localeCompare(b.message))
