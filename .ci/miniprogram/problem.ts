// Problems that a check finds.
export interface Problem {
  /** Relative to the mini program's folder, with slashes. */
  readonly file: string
  /** From 1, and so is `column`. */
  readonly line: number
  readonly column: number
  readonly message: string
}

/** Makes a problem at an offset of the text, in UTF-16 units. */
export const problemAt = (file: string, text: string, offset: number, message: string): Problem => {
  const before = text.slice(0, offset).split('\n')
  return { file, line: before.length, column: (before.at(-1) ?? '').length + 1, message }
}

/** Makes a problem of a whole file. */
export const problemIn = (file: string, message: string): Problem => ({ file, line: 1, column: 1, message })

/** Formats a problem as `miniprogram/pages/login/login.wxml:12:5 …`, which editors turn into a link. */
export const lineOf = (folder: string, { file, line, column, message }: Problem): string => `${folder}/${file}:${line}:${column} ${message}`

export const sorted = (problems: readonly Problem[]): readonly Problem[] =>
  [...problems].sort((a, b) => a.file.localeCompare(b.file) || a.line - b.line || a.column - b.column || a.message.localeCompare(b.message))
