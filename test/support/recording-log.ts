import type { Log } from '../../src/login/ports.ts'

/** A log whose lines a test reads. */
export interface RecordingLog extends Log {
  /** `level: message`, oldest first. */
  readonly lines: string[]
  /** The codes of warnings and errors, oldest first. */
  readonly codes: string[]
}

export const createRecordingLog = (): RecordingLog => {
  const lines: string[] = []
  const codes: string[] = []
  return {
    lines,
    codes,
    info (_fields, message) { lines.push(`info: ${message}`) },
    warn ({ code }, message) {
      codes.push(code)
      lines.push(`warn: ${message}`)
    },
    error ({ code }, message) {
      codes.push(code)
      lines.push(`error: ${message}`)
    },
  }
}
