/** Whether the service gets the visitors' own addresses, and no made-up ones. */
import { networkInterfaces } from 'node:os'
import { isPrivateAddress, networkMatcher } from '../../domain/address.ts'
import { askDoctor, isOld, type Arrival } from './ask-doctor.ts'
import { fresh, publicBase, type PublicAnswer } from './ask-public.ts'
import type { CheckContext } from './context.ts'
import { failure, notChecked, ok, type Finding } from './finding.ts'

/** Of a network for documentation (RFC 5737): nobody has it, and no TRUST_PROXY should. */
const madeUp = '203.0.113.77'

const setIt = 'nginx: proxy_set_header X-Forwarded-For $remote_addr; HAProxy: http-request set-header X-Forwarded-For %[src]. Squid: forwarded_for truncate. Caddy does by itself'

export const visitorAddressFindings = async ({ told, key, answer }: Extract<PublicAnswer, { state: 'reached' }>, context: CheckContext): Promise<readonly Finding[]> => {
  const { peer, address, x_forwarded_for: forwardedFor, is_peer_trusted: isTrusted } = told
  if (forwardedFor === null) {
    return [failure('proxy-no-forwarded-for', `the proxy at ${peer} doesn't say who a visitor is: no X-Forwarded-For arrives, and all visitors count as ${address}`, `let it set the header. ${setIt}`)]
  }
  if (!isTrusted) return [notTrusted(told, context)]
  const hops = forwardedFor.split(',').map((hop) => hop.trim())
  if (hops.length > 1 && address !== hops[0]) {
    return [failure('proxy-second-unnamed', `there is a second proxy, ${address}, in front of the one at ${peer} (X-Forwarded-For: ${forwardedFor}), and all visitors count as ${address}`, `${trust(address, context)}, and restart the service`)]
  }
  const forged = await askDoctor(publicBase(context), key, { query: fresh(), headers: { 'x-forwarded-for': madeUp } })
  if (forged.told === null) return [notChecked(`whether a made-up X-Forwarded-For is believed: the call was answered ${forged.answer.status ?? forged.answer.error}`)]
  if (isOld(forged)) return [notChecked('whether a made-up X-Forwarded-For is believed: a cache answered')]
  const isOwn = answer.localAddress === address
  return [
    ok(`the proxy at ${peer} says who a visitor is: the doctor's own call counts as ${address}${isOwn ? '' : '. If that is no address of this machine or of its router, but a proxy\'s or Docker\'s, that hides the visitors\': name it in TRUST_PROXY and let it set X-Forwarded-For'}`),
    forgedFinding(forged.told, address, context),
  ]
}

/** Adds an address to TRUST_PROXY. */
const trust = (address: string, { config }: CheckContext): string =>
  `set TRUST_PROXY=${[...config.TRUST_PROXY, address].join(',')}`

const notTrusted = ({ peer, address }: Arrival, context: CheckContext): Finding => {
  const { TRUST_PROXY, proxies } = context.config
  const named = TRUST_PROXY.length === 0 ? 'which is empty' : `which has ${TRUST_PROXY.join(', ')}`
  const subnet = isPrivateAddress(peer) && !/^127\.|^::1$/.test(peer)
    ? '. If the proxy is a container, whose address can change, name the subnet of its network instead: docker network inspect NETWORK -f \'{{(index .IPAM.Config 0).Subnet}}\''
    : ''
  return failure('proxy-not-trusted', `calls come from ${peer} with X-Forwarded-For, and the service doesn't have it in TRUST_PROXY${networkMatcher(proxies)(peer) ? ' yet' : `, ${named}`}: all visitors count as ${address}, and share its limits`,
    networkMatcher(proxies)(peer) ? 'restart the service, which reads TRUST_PROXY at its start' : `TRUST_PROXY should name ${peer}: ${trust(peer, context)}, and restart the service${subnet}`)
}

const isOfThisMachine = (address: string): boolean => Object.values(networkInterfaces()).flat().some((own) => own?.address === address)

/** `before` is the address that the doctor has without the header. */
const forgedFinding = ({ address, peer, x_forwarded_for: arrived }: Arrival, before: string, { config }: CheckContext): Finding => {
  if (address !== madeUp) return ok(`a made-up X-Forwarded-For is not believed: the call counts as ${address}`)
  if (arrived === madeUp) {
    return failure('proxy-forgeable', `a visitor can take any address: the X-Forwarded-For: ${madeUp} that the doctor made up came through ${peer} as it was`, `let the proxy replace the header. ${setIt}`)
  }
  // Each hop that a proxy has appended is in TRUST_PROXY: that of the doctor may be, as that of a proxy on the same machine, or of Docker's gateway.
  const isVisitorTrusted = networkMatcher(config.proxies)(madeUp) || !(isPrivateAddress(before) || isOfThisMachine(before) || before === peer)
  return isVisitorTrusted
    ? failure('proxy-forgeable', `a visitor can take any address: TRUST_PROXY has ${config.TRUST_PROXY.join(', ')}, and with it ${before}, from where the doctor calls as a visitor (X-Forwarded-For: ${arrived})`, `name only the addresses of your proxies in TRUST_PROXY, such as ${peer}, and let the first of them replace X-Forwarded-For. ${setIt}`)
    : notChecked(`whether a made-up X-Forwarded-For is believed: the proxy appends to it, and the doctor itself calls from ${before}, which is in TRUST_PROXY. If visitors come from there, too, they can make up an address. With one proxy, let it replace the header. ${setIt}`)
}
