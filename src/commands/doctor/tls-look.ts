/** What a server shows when TLS begins: its certificate and whether it is trusted, and the version of HTTP that it takes. */
import { isIP } from 'node:net'
import { checkServerIdentity, connect, getCACertificates, type PeerCertificate } from 'node:tls'
import { reasonOf } from './call.ts'

export interface TlsLook {
  /** `h2` where the server speaks HTTP/2. */
  readonly alpn: string | null
  /** OpenSSL's code where the chain doesn't end at an authority that is known here, or part of it has expired; null where it is good. */
  readonly chainError: string | null
  /** Whether the certificate is for this name. */
  readonly isForName: boolean
  /** The names that it is for. */
  readonly names: string
  readonly issuer: string
  /** In milliseconds since 1970. */
  readonly validFrom: number
  readonly validTo: number
}

export interface TlsFailure {
  readonly code: string
  readonly error: string
}

const withinMs = 5000

/** The authorities of Node.js, of NODE_EXTRA_CA_CERTS and of the system: a browser knows the first, an operator may have added to the others. */
const authorities = (): string[] => [...new Set([...getCACertificates('default'), ...getCACertificates('system')])]

/** Begins TLS with an address as a browser does, for a name. Never rejects. */
export const lookAtTls = (address: string, port: number, host: string): Promise<TlsLook | TlsFailure> => new Promise((resolve) => {
  const timer = setTimeout(() => { end({ code: 'ETIMEDOUT', error: `no answer within ${withinMs / 1000} s` }) }, withinMs) // a socket's own timeout begins anew with each byte
  const end = (look: TlsLook | TlsFailure): void => {
    clearTimeout(timer)
    resolve(look)
    socket.destroy()
  }
  const socket = connect({ host: address, port, ...isIP(host) === 0 && { servername: host }, rejectUnauthorized: false, ALPNProtocols: ['h2', 'http/1.1'], ca: authorities() }, () => {
    const certificate = socket.getPeerCertificate()
    end({
      alpn: socket.alpnProtocol === false ? null : socket.alpnProtocol,
      chainError: chainErrorOf(socket.authorizationError),
      isForName: checkServerIdentity(host, certificate) === undefined,
      names: certificate.subjectaltname?.replaceAll(/DNS:|IP Address:/g, '') ?? nameIn(certificate.subject),
      issuer: nameIn(certificate.issuer),
      validFrom: Date.parse(certificate.valid_from),
      validTo: Date.parse(certificate.valid_to),
    })
  })
  socket.on('error', (error: NodeJS.ErrnoException) => { end({ code: error.code ?? '', error: reasonOf(error) }) })
})

/** What of it is about the chain. Whether the name is right is asked apart, as Node.js tells one fault only. */
const chainErrorOf = (error: unknown): string | null => {
  const code = String(error ?? '') // Node.js has a text here, its types an Error
  return ['', 'null', 'ERR_TLS_CERT_ALTNAME_INVALID'].includes(code) ? null : code
}

const nameIn = (subject: PeerCertificate['issuer'] | undefined): string => [subject?.CN ?? subject?.O ?? 'an unnamed authority'].flat().join(', ')
