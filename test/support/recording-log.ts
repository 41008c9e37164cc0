import type { Log } from '../../src/login/ports.ts'

/** A log whose lines a test reads. */
export interface RecordingLog extends Log {
  /** `level: message`, oldest first. */
  readonly lines: string[]
}

export const createRecordingLog = (): RecordingLog => {
  const lines: string[] = []
  return {
    lines,
    info (_fields, message) { lines.push(`info: ${message}`) },
    warn (_fields, message) { lines.push(`warn: ${message}`) },
    error (_fields, message) { lines.push(`error: ${message}`) },
  }
}
