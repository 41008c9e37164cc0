/** What no request may ever cause, judged by its answer and by what it changed in the store. */
import { problemTypes, type ProblemCode } from '../../../src/errors.ts'
import type { HostileRequest } from './requests.ts'
import type { Scenario } from './scenario.ts'
import type { RawAnswer } from './wire.ts'

export interface Exchange {
  readonly request: HostileRequest
  readonly answer: RawAnswer | undefined
  /** The store's keys that changed during the request. */
  readonly changed: readonly string[]
}

/** What every call may change: limits' counts, its nonce, counts of wrong numbers, and WeChat's cached access token. */
const isBookkeeping = (key: string): boolean => /^(?:limit|nonce|match-[a-z-]+|wechat-[a-z-]+|check)(?::|$)/.test(key)

const members = ['code', 'detail', 'request_id', 'status', 'title', 'type']

/** Returns the first thing that must not happen, or undefined. */
export const judge = (scenario: Scenario, { request, answer, changed }: Exchange): string | undefined => {
  if (answer === undefined) return 'there is no answer'
  const { status, headers, text, body } = answer
  if (status >= 500) return `it is answered ${status}: ${body}`
  const victims = changed.find(scenario.belongsToVictim)
  if (victims !== undefined) return `${victims} was changed`
  for (const [what, secret] of Object.entries(scenario.secrets)) if (text.includes(secret)) return `the answer contains Ming's ${what}`
  if (headers['x-content-type-options'] !== 'nosniff' || headers['content-security-policy']?.includes("frame-ancestors 'none'") !== true) return `the answer lacks a header: ${text.slice(0, 900)}`
  if (/evil/.test(`${headers.location ?? ''}${headers['access-control-allow-origin'] ?? ''}${headers.allow ?? ''}`)) return 'it leads elsewhere'
  const changes = changed.filter((key) => !isBookkeeping(key))
  return status >= 400 ? judgeRefusal(request, answer, changes) : judgeSuccess(request, answer, changes)
}

/** A page for people, in place of the problem. */
const isPage = ({ headers: sent }: HostileRequest, { headers }: RawAnswer): boolean =>
  headers['content-type'] === 'text/html; charset=utf-8' && headers['cache-control'] === 'no-store' && sent.some(([name, value]) => name === 'Sec-Fetch-Mode' && value === 'navigate')

const judgeRefusal = (request: HostileRequest, answer: RawAnswer, changes: readonly string[]): string | undefined => {
  const { method } = request
  const { status, headers, body } = answer
  if (isPage(request, answer)) return changes.length > 0 ? `a refusal changed ${changes.join(', ')}` : undefined
  if (!/^application\/problem\+json(?:; charset=utf-8)?$/.test(headers['content-type'] ?? '') || headers['cache-control'] !== 'no-store') return `a ${status} is no problem: ${body}`
  if (headers['set-cookie'] !== undefined) return 'a refusal sets a cookie'
  const problem = method === 'HEAD' && body === '' ? undefined : asObject(body)
  const code = problem?.code as ProblemCode | undefined
  if (method !== 'HEAD') {
    if (problem === undefined || code === undefined || problemTypes[code]?.status !== status || problem.status !== status) return `the problem is not of the registry: ${body}`
    if (!members.every((member) => member in problem) || Object.keys(problem).length > members.length + 1) return `the problem has another form: ${body}`
  }
  // A wrong number cancels the ticket: the only refusal that changes anything.
  if (changes.length > 0 && code !== 'match-wrong') return `a refusal changed ${changes.join(', ')}`
  return undefined
}

const judgeSuccess = ({ method, operation }: HostileRequest, { status }: RawAnswer, changes: readonly string[]): string | undefined => {
  const isPreflight = method === 'OPTIONS' && status === 204
  const isKnown = operation.successes[method === 'HEAD' ? 'GET' : method]?.includes(status) === true
  if (!isPreflight && !isKnown) return `${method} succeeds with ${status}`
  if (/^(?:GET|HEAD|OPTIONS)$/.test(method) && changes.length > 0) return `${method} changed ${changes.join(', ')}`
  return undefined
}

const asObject = (text: string): Record<string, unknown> | undefined => {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return undefined
  }
}
