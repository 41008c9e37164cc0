import { print } from '../print.ts'
import { checkNames } from './fault-codes.ts'
import type { Finding } from './finding.ts'
import type { mend } from './run.ts'

type Mended = ReturnType<typeof mend>

const signs: Readonly<Record<Finding['status'], string>> = { ok: '✓', 'not-checked': '–', warning: '!', failure: '✗' }

/** Other servers wrote part of it, such as the names in a certificate: nothing in it may move the cursor or begin a line. */
const plain = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?')

/** Prints what came of one check: a line each, and below a fault what to do. */
export const printResult = async ({ check, findings, mended }: Mended): Promise<void> => {
  const lines = [
    ...mended.map((text) => `  ✓ mended: ${plain(text)}`),
    ...findings.flatMap((finding) => [
      `  ${signs[finding.status]} ${plain(finding.text)}`,
      ...'todo' in finding ? [`      → ${plain(finding.todo)} (${finding.code})`] : [],
    ]),
  ]
  if (lines.length > 0) await print(`${checkNames[check]}\n${lines.join('\n')}\n`)
}

const count = (results: readonly Mended[], status: Finding['status']): number => results.flatMap(({ findings }) => findings).filter((finding) => finding.status === status).length

export const hasFailed = (results: readonly Mended[]): boolean => count(results, 'failure') > 0

/** The last line: what an operator in a hurry reads. */
export const printSummary = async (results: readonly Mended[]): Promise<void> => {
  const [failures, warnings, open] = [count(results, 'failure'), count(results, 'warning'), count(results, 'not-checked')]
  const parts = [
    failures === 0 ? 'No failure' : failures === 1 ? '1 failure' : `${failures} failures`,
    warnings === 1 ? '1 warning' : `${warnings} warnings`,
    ...open === 0 ? [] : [`${open} not checked`],
  ]
  await print(`${parts.join(', ')}\n`)
}

export const printJson = async (results: readonly Mended[], version: string): Promise<void> => {
  const findings = results.flatMap(({ check, findings }) => findings.map((finding) => ({
    check,
    status: finding.status,
    code: 'code' in finding ? finding.code : null,
    text: finding.text,
    todo: 'todo' in finding ? finding.todo : null,
  })))
  const mended = results.flatMap(({ check, mended }) => mended.map((text) => ({ check, text })))
  await print(`${JSON.stringify({ ok: !hasFailed(results), version, findings, mended })}\n`)
}
