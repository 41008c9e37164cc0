/** Why there is no connection to another server, and what to do about it: WeChat's, the webhook's, an app's. */

/** Which side has to be mended: the proxy's, the trust in a certificate, or any other. */
export interface ConnectionFault {
  readonly side: 'proxy' | 'certificate' | 'other'
  readonly text: string
  readonly todo: string
}

interface Target {
  /** Host and port of the server. */
  readonly host: string
  /** Of the HTTP proxy on the way; null for none. */
  readonly proxyHost: string | null
}

/** `reason`: as `failureReason` says it, or any other sentence where there was no answer in time. */
export const explainConnection = (reason: string, { host, proxyHost }: Target): ConnectionFault => {
  const [, proxyStatus] = /^the proxy answered with status (\d{3})$/.exec(reason) ?? []
  if (proxyStatus !== undefined) return { side: 'proxy', ...refusedByProxy(proxyStatus, host, proxyHost ?? 'proxy') }
  const certificate = explainCertificate(reason, host)
  if (certificate !== undefined) return { side: 'certificate', ...certificate }
  if (proxyHost !== null) return { side: 'proxy', text: `${host} does not answer through the proxy ${proxyHost} (${reason})`, todo: `check HTTPS_PROXY and HTTP_PROXY, and that the proxy runs. If this machine reaches ${host} without it, name that host in NO_PROXY` }
  return { side: 'other', text: `${host} does not answer (${reason})`, todo: todoFor(reason, host) }
}

const refusedByProxy = (status: string, host: string, proxyHost: string): Pick<ConnectionFault, 'text' | 'todo'> => {
  if (status === '407') return { text: `the proxy ${proxyHost} wants a user and a password, or others than those it gets (status 407)`, todo: `put them into the proxy's address: HTTPS_PROXY=http://user:password@${proxyHost}. Characters such as @ and : in them are written as %40 and %3A` }
  if (/^50[234]$/.test(status)) return { text: `the proxy ${proxyHost} does not reach ${host} (status ${status})`, todo: `let the proxy reach ${host}, or name that host in NO_PROXY if this machine reaches it without the proxy` }
  return { text: `the proxy ${proxyHost} does not let calls to ${host} through (status ${status})`, todo: `allow ${host} at the proxy, or name that host in NO_PROXY if this machine reaches it without the proxy` }
}

/** Codes of OpenSSL and Node.js, as errors of TLS have them. */
const explainCertificate = (reason: string, host: string): Pick<ConnectionFault, 'text' | 'todo'> | undefined => {
  switch (reason) {
    case 'SELF_SIGNED_CERT_IN_CHAIN': case 'DEPTH_ZERO_SELF_SIGNED_CERT': case 'UNABLE_TO_GET_ISSUER_CERT': case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY': case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return {
        text: `nobody that this machine trusts has signed the certificate of ${host}, or its chain is not whole (${reason})`,
        todo: 'if a proxy of your company reads TLS, or the authority is your own: put its certificate into a file, and set NODE_EXTRA_CA_CERTS=/path/to/it.pem in the environment of the service (not in .env, which Node.js reads too late for it). If not, look who answers there',
      }
    case 'CERT_HAS_EXPIRED': case 'CERT_NOT_YET_VALID':
      return { text: `the certificate of ${host} is over, or not valid yet (${reason})`, todo: 'correct this machine\'s clock if it is wrong (date says), otherwise have the certificate renewed' }
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return { text: `the certificate of ${host} is for other names (${reason})`, todo: 'check the host in the address, and what this machine takes it for: getent hosts says' }
    default:
      return /^(?:ERR_SSL_|ERR_TLS_|EPROTO)/.test(reason) ? { text: `TLS with ${host} fails (${reason})`, todo: 'check the scheme and port in the address: something that does not speak TLS, or only an old version, may answer there' } : undefined
  }
}

const todoFor = (reason: string, host: string): string => {
  const name = host.replace(/:\d+$/, '')
  switch (reason) {
    case 'ENOTFOUND': case 'EAI_AGAIN': return `make this machine resolve ${name}: "getent hosts ${name}" has to print an address. Check the name, and /etc/resolv.conf, or the DNS of the container`
    case 'ECONNREFUSED': return `nothing listens at ${host}: start it, or correct the address`
    default: return `check the address, and let a firewall pass this machine's connections to ${host}. Where the network allows it through a proxy only, set HTTPS_PROXY`
  }
}
