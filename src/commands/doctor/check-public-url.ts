/** PUBLIC_URL as visitors reach it: name, addresses, TLS, the version of HTTP, and which service answers there. */
import { askPublic, publicBase } from './ask-public.ts'
import { askService } from './ask-service.ts'
import { call } from './call.ts'
import { certificateFindings, tlsFailureFinding } from './certificate-findings.ts'
import type { Check, CheckContext } from './context.ts'
import { failure, notChecked, ok, warning, type Finding } from './finding.ts'
import { publicServiceFinding } from './public-service-finding.ts'
import { isWithoutRoute, resolveName, targetOf, tryAddress, type Target, type TriedAddress } from './reach.ts'
import { lookAtTls } from './tls-look.ts'

export const checkPublicUrl: Check = async (context) => {
  const { config: { PUBLIC_URL, isSecure } } = context
  if (!isSecure) return [notChecked(`PUBLIC_URL is ${PUBLIC_URL}, which is for trying out on this machine: set the https address that visitors go to`)]
  const target = targetOf(PUBLIC_URL)
  let addresses
  try {
    addresses = await resolveName(target.host)
  } catch (error) {
    return [failure('public-url-no-address', `${target.host} has no address: ${(error as Error).message}`, `give the name ${target.host} an A record (and an AAAA record, where the server has IPv6) where the domain is managed, or correct PUBLIC_URL`)] // resolveName throws Errors
  }
  const tried = await Promise.all(addresses.map(({ address, family }) => tryAddress(address, family, target.port)))
  const open = tried.filter(({ error }) => error === null)
  if (open.length === 0) return [unreachable(tried, target, context)]
  const [tls, service, plain] = await Promise.all([tlsFindings(open, target, context), serviceFindings(context), plainFinding(target)])
  const isTlsBroken = tls.some((finding) => 'code' in finding && finding.code.startsWith('tls-')) // no call gets through, for the same reason
  return [...addressFindings(tried, target), ...tls, ...isTlsBroken ? [] : service, ...plain === null ? [] : [plain]]
}

const listed = (tried: readonly TriedAddress[]): string => tried.map(({ address, error }) => `${address} (${error})`).join(', ')

/** An answer may well be had from elsewhere: many routers lead nobody of their own network back to it. */
const unreachable = (tried: readonly TriedAddress[], { host, port }: Target, context: CheckContext): Finding =>
  failure('public-url-unreachable', `nothing takes connections for ${host} at port ${port}: ${listed(tried)}`,
    `see that the proxy runs and listens on port ${port}, and that firewall, security group and router let the port through. Where they do, open ${publicBase(context)}/health/live from elsewhere, with a phone without Wi-Fi. If it shows {"status":"ok"}, only this machine can't go there, as behind many routers (hairpin NAT): with the proxy on this machine, echo '127.0.0.1 ${host}' >> /etc/hosts lets the doctor see it`)

/** Browsers try IPv6 first: an AAAA record of a server that has moved costs each visitor some time, or the page. */
const addressFindings = (tried: readonly TriedAddress[], { host, port }: Target): readonly Finding[] => tried.map(({ address, family, error }) => {
  const record = family === 6 ? 'AAAA' : 'A'
  if (error === null) return ok(`${host} is at ${address}, which takes connections at port ${port}`)
  if (isWithoutRoute(error)) return notChecked(`${address}, an address of ${host}: this machine has no IPv${family} (${error})`)
  return failure('public-url-address-closed', `${host} also has the address ${address}, where nothing takes connections: ${error}. Visitors with IPv${family} wait, or never arrive`,
    `remove the ${record} record if it is an old one. Otherwise let the proxy listen there: nginx ${family === 6 ? 'listen [::]:443 ssl http2; beside listen 443 ssl http2;' : 'listen 443 ssl http2;'} HAProxy bind ${family === 6 ? '[::]:443 v4v6' : ':443'}, and let the port through the firewall for IPv${family}, too`)
})

const tlsFindings = async (open: readonly TriedAddress[], { host, port }: Target, context: CheckContext): Promise<readonly Finding[]> => {
  const looks = await Promise.all(open.map(async ({ address }) => ({ where: `${address} port ${port}`, look: await lookAtTls(address, port, host) })))
  return looks.flatMap(({ where, look }): readonly Finding[] => {
    if ('error' in look) return [tlsFailureFinding(look, where, host)]
    const version = look.alpn === 'h2'
      ? ok(`browsers speak HTTP/2 with ${where}`)
      : warning('http-version-old', `browsers speak only HTTP/1.1 with ${where}: six tabs at the login fill a browser's connections`,
        'turn on HTTP/2 in the proxy. nginx: listen 443 ssl http2; (from 1.25.1 on: http2 on;) HAProxy: bind :443 ssl crt NAME.pem alpn h2,http/1.1. Caddy does by itself. Squid can\'t')
    return [...certificateFindings(look, where, host, context.clock), version]
  })
}

const serviceFindings = async (context: CheckContext): Promise<readonly Finding[]> => {
  const [found, local] = await Promise.all([askPublic(context), askService(context)])
  return [publicServiceFinding(found, local, context)]
}

/** What somebody finds who types the name without https. Null where PUBLIC_URL has a port of its own. */
const plainFinding = async ({ host, port }: Target): Promise<Finding | null> => {
  if (port !== 443) return null
  const url = `http://${host.includes(':') ? `[${host}]` : host}/`
  const answer = await call(url)
  if (answer.status === null) return ok(`${url} is closed: browsers that are given the name alone mostly try https first`)
  const { location = '' } = answer.headers
  if (answer.status >= 300 && answer.status < 400 && location.startsWith('https://')) return ok(`${url} leads to ${new URL(location).origin}`)
  return notChecked(`${url} answers ${answer.status} and does not lead to https. If that is this site, let it: nginx return 301 https://$host$request_uri;`)
}
