/** A line of the audit log, as an operator's program reads it. */
export interface LoggedStep {
  readonly event: string
  /** Milliseconds since 1970. */
  readonly time: number
  readonly reqId: string
  readonly [member: string]: unknown
}

/** Returns the audit's lines in a log, those with an `event`, oldest first. */
export const auditStepsIn = (log: string): LoggedStep[] => log.split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Partial<LoggedStep>)
  .filter((line): line is LoggedStep => line.event !== undefined)

/** Returns a step without the members that differ each time. */
export const withoutContext = ({ level, time, reqId, msg, ...step }: LoggedStep): Record<string, unknown> => step
