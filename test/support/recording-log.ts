/** Owns a log that remembers, for tests that ask what the operator was told. */
import type { Log } from '../../src/login/ports.ts'

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
