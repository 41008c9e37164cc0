/** Owns the reading of the audit, as an operator's program reads it: JSON, a line each, those that name an event. */

export interface LoggedStep {
  readonly event: string
  /** Milliseconds since 1970. */
  readonly time: number
  readonly reqId: string
  readonly [member: string]: unknown
}

/** The steps in a log, the oldest first. */
export const auditStepsIn = (log: string): LoggedStep[] => log.split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Partial<LoggedStep>)
  .filter((line): line is LoggedStep => line.event !== undefined)

/** A step without what is another one each time. */
export const withoutContext = ({ level, time, reqId, msg, ...step }: LoggedStep): Record<string, unknown> => step
