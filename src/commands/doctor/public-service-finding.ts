/** What is to be said about who answers at PUBLIC_URL. */
import { localAuthority } from '../local-url.ts'
import { problemIn } from './ask-doctor.ts'
import type { PublicAnswer } from './ask-public.ts'
import type { ServiceAnswer } from './ask-service.ts'
import type { CallAnswer, CallFailure } from './call.ts'
import type { CheckContext } from './context.ts'
import { failure, notChecked, ok, type Finding } from './finding.ts'

export const publicServiceFinding = (found: PublicAnswer, local: ServiceAnswer, context: CheckContext): Finding => {
  const { PUBLIC_URL, KEYS_FILE, basePath } = context.config
  switch (found.state) {
    case 'no-keys':
      return notChecked(`which service answers at ${PUBLIC_URL}: the doctor can't read ${KEYS_FILE}`)
    case 'cached':
      return notChecked(`which service answers at ${PUBLIC_URL}: a cache does, with what one told before`)
    case 'path-changed':
      return failure('public-url-path-changed', `the proxy takes ${basePath} out of the path, and the service finds nothing`,
        `pass the path on unchanged. nginx: proxy_pass http://scan_login; with no slash or path behind the name. Caddy: handle ${basePath}/* in place of handle_path. Traefik: no StripPrefix`)
    case 'reached': {
      const isOther = local.state === 'found' && ['PUBLIC_URL', 'STORE_URL'].some((name) => found.told.settings[name] !== local.told.settings[name])
      return isOther
        ? failure('public-url-other-service', `${PUBLIC_URL} leads to another service with the same keys: its PUBLIC_URL or STORE_URL is another than that of ${local.url}`, `let the proxy pass calls on to ${local.url}, or stop the other service`)
        : ok(`${PUBLIC_URL} leads to this service, path and method unchanged`)
    }
    case 'other':
      return isForTheSameReason(found.answer, local) ? notChecked(`${PUBLIC_URL}, where the same is seen as on this machine: mend what is said about the running service first`) : otherFinding(found.answer, context)
  }
}

/** What is wrong at the service itself is seen through the best of proxies, too: its way out is the service's. */
const isForTheSameReason = (answer: CallAnswer | CallFailure, local: ServiceAnswer): boolean => {
  switch (local.state) {
    case 'silent':
      return answer.status === null ? local.isTaken : answer.status >= 502 && answer.status <= 504
    case 'other-program':
      return answer.status === local.status
    case 'other-keys': case 'other-path':
      return problemIn(answer) === 'not-found'
    case 'found': case 'limited': case 'no-keys': case 'no-port':
      return false
  }
}

const otherFinding = (answer: CallAnswer | CallFailure, context: CheckContext): Finding => {
  const { PUBLIC_URL, HOST, PORT, KEYS_FILE } = context.config
  const own = localAuthority(HOST, PORT)
  if (answer.status === null) return failure('public-url-no-answer', `${PUBLIC_URL} takes a connection and gives no answer: ${answer.error}`, `look into the proxy's error log, and let it pass calls on to ${own}`)
  const { status, headers } = answer
  const from = headers.server === undefined ? '' : ` (${headers.server})`
  const problem = problemIn(answer)
  if (problem === 'rate-limited') return notChecked(`which service answers at ${PUBLIC_URL}: too many wrong calls were counted for the address that it sees. Run the doctor again in a minute`)
  if (problem === 'not-found') {
    return failure('public-url-other-service', `a scan-login answers at ${PUBLIC_URL} that doesn't know the keys in ${KEYS_FILE}: another service, or this one from before a change`,
      `let the proxy pass calls on to ${own}, and see that the name leads to this server. Where several instances serve this address, give all of them the same key file`)
  }
  if (headers.location !== undefined && status >= 300 && status < 400) {
    return failure('public-url-redirects', `${PUBLIC_URL} leads elsewhere: the proxy answers ${status} with ${headers.location}`, 'set PUBLIC_URL to the address that visitors end at, or let the proxy pass this one on: what the phone signs is for PUBLIC_URL alone')
  }
  if (status >= 502 && status <= 504) {
    return failure('public-url-no-upstream', `the proxy${from} at ${PUBLIC_URL} answers ${status}: it doesn't reach the service`,
      `let it pass calls on to where the service listens: nginx proxy_pass http://${own}; Its error log says what it tried. With SELinux (Fedora, RHEL): setsebool -P httpd_can_network_connect 1. In Docker, 127.0.0.1 is the proxy's own container: name the service's`)
  }
  if (status === 401 || status === 403) {
    return failure('public-url-refused', `the proxy${from} at ${PUBLIC_URL} answers ${status} itself, so that nobody gets to the login`, 'let all calls below PUBLIC_URL through: take away its password (auth_basic), list of addresses (deny) or firewall rule there. The phone of a visitor knows none of these')
  }
  return failure('public-url-other-service', `another program${from} answers at ${PUBLIC_URL}, with status ${status}`, `let the proxy pass calls for this name and path on to ${own}, and see that the name leads to this server`)
}
