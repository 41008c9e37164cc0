/** One check of the doctor, with settings as an operator gives them, and what it says. */
import type { Test } from 'tap'
import { readSettings } from '../../src/config.ts'
import type { Check } from '../../src/commands/doctor/context.ts'
import type { FaultCode } from '../../src/commands/doctor/fault-codes.ts'
import type { Finding } from '../../src/commands/doctor/finding.ts'
import type { Clock } from '../../src/login/ports.ts'
import { systemClock } from '../../src/runtime.ts'

export const findingsOf = (check: Check, environment: Readonly<Record<string, string>>, clock: Clock = systemClock): Promise<readonly Finding[]> =>
  check({ ...readSettings(environment), environment, clock })

/** `code: text → todo` of each fault, in order. */
export const faultsIn = (findings: readonly Finding[]): readonly string[] => findings.flatMap((finding) => 'code' in finding ? [`${finding.code}: ${finding.text} → ${finding.todo}`] : [])

export const codesIn = (findings: readonly Finding[]): ReadonlyArray<FaultCode> => findings.flatMap((finding) => 'code' in finding ? [finding.code] : [])

/** `text → todo` of the one fault that there has to be, which has this code. */
export const onlyFault = (t: Test, findings: readonly Finding[], code: FaultCode, status: 'failure' | 'warning' = 'failure'): string => {
  const faults = findings.filter((finding) => 'code' in finding)
  t.strictSame(faults.map((fault) => [fault.code, fault.status]), [[code, status]])
  return faults.map(({ text, todo }) => `${text} → ${todo}`).join()
}
