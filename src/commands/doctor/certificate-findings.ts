/** What is to be said about the TLS of PUBLIC_URL. */
import type { Clock } from '../../login/ports.ts'
import { failure, ok, warning, type Finding } from './finding.ts'
import type { TlsFailure, TlsLook } from './tls-look.ts'

const dayMs = 86_400_000
/** Certificates of 90 days are renewed when a third of that is left: with two weeks left that has failed. */
const soonMs = 14 * dayMs

/** Of the certificate itself, or of one that signed it. */
const timeErrors: ReadonlySet<string> = new Set(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'])

const renew = 'renew it and let the proxy read it again: certbot renew && nginx -s reload. See why that didn\'t happen by itself with "systemctl list-timers" (Caddy renews by itself: its log says what hinders it)'

const dateOf = (time: number): string => new Date(time).toISOString().slice(0, 10)

/** The findings about what an address showed for a name. */
export const certificateFindings = (look: TlsLook, where: string, host: string, clock: Pick<Clock, 'now'>): readonly Finding[] => {
  const { chainError, isForName, names, issuer, validFrom, validTo } = look
  const now = clock.now()
  const findings: Finding[] = []
  const isInTime = validFrom <= now && now <= validTo
  if (chainError !== null && (isInTime || !timeErrors.has(chainError))) findings.push(chainFinding(chainError, where, issuer))
  if (!isForName) {
    findings.push(failure('certificate-name', `the certificate at ${where} is for ${names}, and not for ${host}`,
      `get one for ${host} (certbot --nginx -d ${host}; Caddy: write ${host} at the head of the block), and see that the proxy has a block with that name: nginx server_name ${host};`))
  }
  if (validTo < now) findings.push(failure('certificate-expired', `the certificate at ${where} expired on ${dateOf(validTo)}`, renew))
  else if (validFrom > now) findings.push(failure('certificate-expired', `the certificate at ${where} is valid from ${dateOf(validFrom)} on, and this machine has ${dateOf(now)}`, 'set the clock of this machine, if it is wrong: timedatectl set-ntp true'))
  else if (validTo - now < soonMs) findings.push(warning('certificate-expires-soon', `the certificate at ${where} expires on ${dateOf(validTo)}, in ${Math.floor((validTo - now) / dayMs)} days`, renew))
  return findings.length > 0 ? findings : [ok(`the certificate at ${where} is trusted, for ${host}, and valid until ${dateOf(validTo)}`)]
}

const chainFinding = (error: string, where: string, issuer: string): Finding => {
  // The certificate came alone, and who signed it is no authority: that is in another certificate, which browsers mostly know from elsewhere, and phones don't.
  if (error === 'UNABLE_TO_VERIFY_LEAF_SIGNATURE') {
    return failure('certificate-chain', `the server at ${where} sends its certificate without that of ${issuer}, which signed it: phones and programs don't trust it`,
      'send the whole chain. nginx: ssl_certificate /etc/letsencrypt/live/NAME/fullchain.pem; and not cert.pem. HAProxy: cat fullchain.pem privkey.pem > NAME.pem. Squid on Debian: the package squid-openssl. If the authority is your own, run the doctor with NODE_EXTRA_CA_CERTS=its-certificate.pem')
  }
  if (timeErrors.has(error)) return failure('certificate-expired', `one of the certificates that the server at ${where} sends with its own has expired, or isn't valid yet (${error})`, renew)
  return failure('certificate-untrusted', `nobody trusts the certificate at ${where}: ${error === 'DEPTH_ZERO_SELF_SIGNED_CERT' ? 'it is signed by itself' : `it comes from ${issuer}, an authority that isn't known here (${error})`}`,
    'get one that browsers and WeChat trust, which costs nothing: certbot --nginx, or Caddy, which does it by itself. If the authority is your own, run the doctor with NODE_EXTRA_CA_CERTS=its-certificate.pem')
}

/** The finding about a server that doesn't get as far as a certificate. */
export const tlsFailureFinding = ({ code, error }: TlsFailure, where: string, host: string): Finding => {
  if (/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST/.test(code)) {
    return failure('tls-missing', `${where} speaks no TLS: ${error}`, 'turn it on in the proxy, with a certificate. nginx: listen 443 ssl http2; HAProxy: bind :443 ssl crt NAME.pem alpn h2,http/1.1. Caddy does by itself')
  }
  if (/PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/.test(code)) {
    return failure('tls-too-old', `${where} speaks only TLS 1.1 or older, which no browser and no WeChat accepts any more: ${error}`, 'nginx: ssl_protocols TLSv1.2 TLSv1.3; HAProxy: bind … ssl-min-ver TLSv1.2. Remove what sets older ones')
  }
  return failure('tls-failed', `TLS with ${where} fails: ${error === '' ? code : error}`, `mostly the proxy has no certificate for ${host}: nginx needs ssl_certificate and ssl_certificate_key in the block with server_name ${host};, and its error log says what is missing. Caddy's log says why it got none`)
}
