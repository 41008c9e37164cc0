/** What the proxy in front of the service does with calls and answers, seen through PUBLIC_URL. */
import { askPublic } from './ask-public.ts'
import type { Check } from './context.ts'
import { notChecked } from './finding.ts'
import { visitorAddressFindings } from './proxy-address.ts'
import { answerFindings, authorizationFindings, cacheFault, cacheFindings, longAddressFindings, methodFindings } from './proxy-calls.ts'
import { pollFindings } from './proxy-poll.ts'
import { targetOf } from './reach.ts'

export const checkProxy: Check = async (context) => {
  const { PUBLIC_URL, PORT, isSecure } = context.config
  if (!isSecure && targetOf(PUBLIC_URL).port === PORT) return [notChecked('there is no proxy: PUBLIC_URL is the service itself')]
  const found = await askPublic(context)
  if (found.state === 'cached') return [cacheFault(['/api/doctor'], context), notChecked('what else the proxy does with calls, as its cache answers them')]
  if (found.state !== 'reached') return [notChecked(`what the proxy does with calls: none reaches the service through ${PUBLIC_URL}`)]
  const { key } = found
  const findings = await Promise.all([
    visitorAddressFindings(found, context),
    pollFindings(context),
    cacheFindings(key, context),
    methodFindings(key, context),
    authorizationFindings(key, context),
    answerFindings(found, context),
    longAddressFindings(key, context),
  ])
  return findings.flat()
}
