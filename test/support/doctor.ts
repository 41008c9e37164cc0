/** Single checks of the doctor, as the command runs them. */
import { readFileSync } from 'node:fs'
import type { Test } from 'tap'
import type { Check } from '../../src/commands/doctor/context.ts'
import type { FaultCode } from '../../src/commands/doctor/fault-codes.ts'
import type { Fault, Finding } from '../../src/commands/doctor/finding.ts'
import { readSettings } from '../../src/config.ts'
import type { Clock } from '../../src/login/ports.ts'
import { systemClock } from '../../src/runtime.ts'
import type { TeardownScope } from './teardown-scope.ts'

/** Settings with which no check finds a fault, but for what they name. */
export const goodSettings = {
  PORT: '0', // the service of nobody
  PUBLIC_URL: 'https://login.example.com',
  WECHAT_APPID: 'wx0123456789abcdef',
  WECHAT_SECRET: '0123456789abcdef0123456789abcdef',
}

/** Runs one check with these settings, in the working directory. */
export const findingsOf = async (check: Check, environment: Readonly<Record<string, string>>, clock: Clock = systemClock): Promise<readonly Finding[]> =>
  await check({ ...readSettings(environment, (path) => readFileSync(path, 'utf8')), environment, clock })

export const faultsIn = (findings: readonly Finding[]): readonly Fault[] => findings.filter((finding) => 'code' in finding)

/** What is wrong: status and code of each fault. */
export const codesIn = (findings: readonly Finding[]): ReadonlyArray<readonly string[]> => faultsIn(findings).map(({ status, code }) => [status, code])

/** The codes alone. */
export const faultCodesIn = (findings: readonly Finding[]): readonly FaultCode[] => faultsIn(findings).map(({ code }) => code)

/** Asserts that there is one fault, with this code, and returns its `text → todo`. */
export const onlyFault = (t: Test, findings: readonly Finding[], code: FaultCode, status: Fault['status'] = 'failure'): string => {
  t.strictSame(codesIn(findings), [[status, code]])
  return faultsIn(findings).map(({ text, todo }) => `${text} → ${todo}`).join()
}

/** Runs the rest of a test in a folder. */
export const workIn = (scope: TeardownScope, folder: string): void => {
  const before = process.cwd()
  process.chdir(folder)
  scope.teardown(() => { process.chdir(before) })
}
