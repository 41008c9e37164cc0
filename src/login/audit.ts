import type { Step } from '../domain/step.ts'

/** Records steps for the operator, and adds whose call it was: address, request, site. Each request has an audit of its own. */
export interface Audit {
  /**
   * Records a step that the store has confirmed; called once, by the caller who made the step. A step whose confirmation got lost is not
   * recorded, as nobody knows that it was made: the fault is in the log instead.
   * Where the caller may repeat the call, the repetition is recorded as one. Never throws.
   */
  record (step: Step): void
}

/** A step as the log has it, with what the call adds. */
export interface LoggedStep { readonly event: string, readonly sub?: string, readonly ticket?: string }

/** Where steps go beside the log. */
export interface StepSink {
  /** Takes a step over; returns at once, and never throws. */
  add (step: LoggedStep): void
}
