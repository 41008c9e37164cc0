import { execFileSync } from 'node:child_process'
import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder } from './service-process.ts'
import type { TeardownScope } from './teardown-scope.ts'

/** Makes a certificate that nobody trusts, and returns the path of a file with it and its key. */
export const makeCertificate = (t: TeardownScope, host = 'world'): string => {
  const folder = makeFolder(t)
  const [key, pem] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key, '-out', pem, '-days', '2', '-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host}`], { stdio: 'ignore' })
  appendFileSync(pem, readFileSync(key))
  return pem
}

export interface Issued {
  /** Files: the authority's certificate, the host's certificate with all that is above it but the root, and its key. */
  readonly authority: string
  readonly chain: string
  readonly key: string
}

/** Makes an authority, and a host's certificate of it. */
export const issueCertificate = (t: TeardownScope, host: string): Issued => {
  const folder = makeFolder(t)
  const [authority, authorityKey, key, chain] = ['authority.pem', 'authority-key.pem', 'key.pem', 'chain.pem'].map((name) => join(folder, name)) as [string, string, string, string] // four of four
  const openssl = (...words: readonly string[]): void => { execFileSync('openssl', words, { stdio: 'ignore' }) }
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-x509', '-days', '90']
  openssl('req', ...ec, '-keyout', authorityKey, '-out', authority, '-subj', '/CN=an authority', '-addext', 'keyUsage=keyCertSign')
  openssl('req', ...ec, '-keyout', key, '-out', chain, '-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host}`, '-addext', 'basicConstraints=critical,CA:FALSE', '-CA', authority, '-CAkey', authorityKey)
  return { authority, chain, key }
}
