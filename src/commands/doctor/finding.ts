/** What the doctor says: one line about what is as it should be, or a fault with what to do about it. */
import type { FaultCode } from './fault-codes.ts'

/** Something that is as it should be, or that can't be checked here and now. */
export interface Note {
  readonly status: 'ok' | 'not-checked'
  readonly text: string
}

/** Something that the operator has to mend (`failure`), or had better (`warning`). */
export interface Fault {
  readonly status: 'failure' | 'warning'
  readonly code: FaultCode
  /** What was found. */
  readonly text: string
  /** The way out, as a sentence; commands as a shell takes them. */
  readonly todo: string
  /** Mends it where that is safe to do without asking: it can't lose anything, and nobody notices. Returns what it did. Throws an Error where it can't. */
  readonly fix?: () => string
}

export type Finding = Note | Fault

export const ok = (text: string): Note => ({ status: 'ok', text })

export const notChecked = (text: string): Note => ({ status: 'not-checked', text })

export const failure = (code: FaultCode, text: string, todo: string, fix?: () => string): Fault => ({ status: 'failure', code, text, todo, ...fix !== undefined && { fix } })

export const warning = (code: FaultCode, text: string, todo: string, fix?: () => string): Fault => ({ status: 'warning', code, text, todo, ...fix !== undefined && { fix } })
