/** The listener for scrapers: whether it is this service's, and hidden from visitors. */
import { failureReason } from '../../outgoing/failure-reason.ts'
import { localAuthority } from '../local-url.ts'
import type { Check, CheckContext } from './context.ts'
import { failure, notChecked, ok, type Finding } from './finding.ts'

const answerWithinMs = 5000
/** Begins the names of the service's own metrics. */
const ownName = 'scan_login_'
/** Text of a scrape is about 30 kB: a page of something else may have no end. */
const maxBytes = 1024 * 1024

export const checkMetrics: Check = async ({ config }) => {
  const { METRICS_HOST, METRICS_PORT } = config
  if (METRICS_PORT === null) return []
  return (await Promise.all([askListener(METRICS_HOST, METRICS_PORT), ...addressesOf(config).map(askAsVisitor)])).flat()
}

const askListener = async (host: string, port: number): Promise<Finding> => {
  const url = `http://${localAuthority(host, port)}/metrics`
  const answer = await scrape(url)
  if ('reason' in answer) return failure('metrics-unreachable', `${url} does not answer (${answer.reason})`, 'start the service with this METRICS_PORT and METRICS_HOST: its log says at the start why it can not listen there')
  if (answer.hasMetrics) return ok(`${url} has this service's metrics`)
  return failure('metrics-foreign', `${url} answers with status ${answer.status}, and has no metric that begins with ${ownName}: another program listens there`, 'set METRICS_PORT to a port that is free, restart the service, and tell your scraper')
}

const addressesOf = ({ origin, basePath }: CheckContext['config']): readonly string[] => [...new Set([`${origin}/metrics`, `${origin}${basePath}/metrics`])]

const askAsVisitor = async (url: string): Promise<Finding> => {
  const answer = await scrape(url)
  if ('reason' in answer) return notChecked(`whether ${url} is hidden from visitors: it does not answer (${answer.reason})`)
  if (!answer.hasMetrics) return ok(`${url} tells visitors nothing (status ${answer.status})`)
  return failure('metrics-public', `everybody can read the metrics at ${url}`, 'take the rule out of the proxy that passes /metrics on to METRICS_PORT: a scraper asks METRICS_HOST and METRICS_PORT itself')
}

type Scraped = { readonly status: number, readonly hasMetrics: boolean } | { readonly reason: string }

const scrape = async (url: string): Promise<Scraped> => {
  try {
    const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(answerWithinMs) })
    let text = ''
    const decoder = new TextDecoder()
    for await (const part of response.body ?? []) {
      text += decoder.decode(part as Uint8Array, { stream: true }) // as fetch has it
      if (text.length > maxBytes) break
    }
    return { status: response.status, hasMetrics: response.status === 200 && new RegExp(`^${ownName}`, 'm').test(text) }
  } catch (error) {
    const { name, cause } = error as Error // `fetch` rejects with Errors, and names the reason in their cause
    return { reason: name === 'TimeoutError' ? 'no answer in time' : failureReason(cause ?? error) }
  }
}
