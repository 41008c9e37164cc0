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
