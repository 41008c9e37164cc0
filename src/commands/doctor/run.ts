/** Runs the checks side by side, as one of them waits as long as a poll, and hands on their findings in order. */
import type { Check, CheckContext } from './context.ts'
import type { CheckName } from './fault-codes.ts'
import { failure, type Fault, type Finding } from './finding.ts'

/** What came of one check. */
export interface Result {
  readonly check: CheckName
  readonly findings: readonly Finding[]
}

/** Longer than the longest poll (MAX_WAIT) and the calls around it. */
const checkWithinMs = 90_000

export async function * runChecks (checks: Readonly<Partial<Record<CheckName, Check>>>, context: CheckContext): AsyncGenerator<Result> {
  const running = Object.entries(checks).map(([check, look]) => ({ check: check as CheckName, findings: settle(look, context) })) // the keys of the record
  for (const { check, findings } of running) yield { check, findings: await findings }
}

/** A check that throws or hangs is a fault of its own: the others go on. */
const settle = async (check: Check, context: CheckContext): Promise<readonly Finding[]> => {
  const { promise: late, resolve } = Promise.withResolvers<readonly Finding[]>()
  const cancel = context.clock.after(checkWithinMs, () => { resolve([broken(`it has not come to an end within ${checkWithinMs / 1000} s`)]) })
  const looking = check(context).catch((error: unknown) => [broken(error instanceof Error ? error.message : String(error))])
  const findings = await Promise.race([looking, late])
  cancel()
  return findings
}

const broken = (why: string): Fault => failure('check-failed', `this check failed itself: ${why}`, 'run the doctor again as the user of the service, in its folder. If it stays, report it with this line')

/** Mends what can be mended safely. A fault that is gone counts no more; for what stays it says why. */
export const mend = ({ check, findings }: Result): Result & { readonly mended: readonly string[] } => {
  const mended: string[] = []
  const left = findings.flatMap((finding): readonly Finding[] => {
    if (!('fix' in finding) || finding.fix === undefined) return [finding]
    try {
      mended.push(finding.fix())
      return []
    } catch (error) {
      const { message } = error as Error // `fix` throws Errors
      return [{ ...finding, todo: `${finding.todo} (--fix could not: ${message})` }]
    }
  })
  return { check, findings: left, mended }
}
