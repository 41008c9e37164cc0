import type { Log } from '../../src/login/ports.ts'

/** A log whose lines a test reads. */
export interface RecordingLog extends Log {
  /** `level: message`, oldest first. */
  readonly lines: string[]
  /** The codes of warnings and errors, oldest first. */
  readonly codes: string[]
}

/** Its methods need their object, as those of pino do. */
export const createRecordingLog = (): RecordingLog => ({
  lines: [],
  codes: [],
  info (_fields, message) { this.lines.push(`info: ${message}`) },
  warn ({ code }, message) {
    this.codes.push(code)
    this.lines.push(`warn: ${message}`)
  },
  error ({ code }, message) {
    this.codes.push(code)
    this.lines.push(`error: ${message}`)
  },
})
