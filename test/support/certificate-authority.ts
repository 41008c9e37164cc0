/** An authority of a test's own with an intermediate certificate, as public ones have: what a proxy may send, right and wrong. */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { makeFolder } from './service-process.ts'
import type { TeardownScope } from './teardown-scope.ts'

export interface IssueOptions {
  /** As in `subjectAltName`: `DNS:login.example.com`. */
  readonly names?: string
  /** From now on; negative for the past. */
  readonly fromDays?: number
  readonly toDays?: number
  /** Signed by the root itself, with no intermediate certificate. */
  readonly isByRoot?: boolean
  /** Leaves out the intermediate certificate. */
  readonly isAlone?: boolean
}

export interface Authority {
  /** The file of its root certificate. */
  readonly root: string
  /** Makes a certificate, and returns the path of a file with it, its chain and its key. */
  issue (options?: IssueOptions): string
}

const dayMs = 86_400_000
const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
const openssl = (...args: readonly string[]): void => { execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] }) }
/** As OpenSSL writes times: 20261128174200Z. */
const timeIn = (days: number): string => `${new Date(Date.now() + days * dayMs).toISOString().replaceAll(/[-:T]|\..*/g, '')}Z`

/** Makes an authority that this process trusts until the test ends. */
export const makeAuthority = (t: TeardownScope): Authority => {
  const folder = makeFolder(t)
  const at = (name: string): string => join(folder, name)
  openssl('req', '-x509', ...curve, '-keyout', at('root.key'), '-out', at('root.pem'), '-days', '3650', '-subj', '/CN=Test Root')

  const sign = (signer: string, name: string, subject: string, extensions: string, fromDays: number, toDays: number): void => {
    writeFileSync(at('index.txt'), '')
    writeFileSync(at('ca.cnf'), `[ca]\ndefault_ca = x\n[x]\ndatabase = ${at('index.txt')}\nnew_certs_dir = ${folder}\nrand_serial = yes\ndefault_md = sha256\npolicy = p\n[p]\ncommonName = supplied\n`)
    writeFileSync(at('extensions'), extensions)
    openssl('req', ...curve, '-keyout', at(`${name}.key`), '-out', at(`${name}.csr`), '-subj', `/CN=${subject}`)
    openssl('ca', '-batch', '-notext', '-config', at('ca.cnf'), '-cert', at(`${signer}.pem`), '-keyfile', at(`${signer}.key`), '-in', at(`${name}.csr`), '-out', at(`${name}.pem`),
      '-startdate', timeIn(fromDays), '-enddate', timeIn(toDays), '-extfile', at('extensions'))
  }
  sign('root', 'intermediate', 'Test Intermediate', 'basicConstraints=critical,CA:TRUE\n', -1000, 1000)

  const before = getCACertificates('default')
  setDefaultCACertificates([...before, readFileSync(at('root.pem'), 'utf8')])
  t.teardown(() => { setDefaultCACertificates(before) })
  return {
    root: at('root.pem'),
    issue ({ names = 'IP:127.0.0.1,DNS:login.example.com', fromDays = -1, toDays = 60, isByRoot = false, isAlone = isByRoot } = {}) {
      const name = crypto.randomUUID()
      sign(isByRoot ? 'root' : 'intermediate', name, 'login.example.com', `subjectAltName=${names}\n`, fromDays, toDays)
      const pem = at(`${name}-chain.pem`)
      writeFileSync(pem, [`${name}.pem`, ...isAlone ? [] : ['intermediate.pem'], `${name}.key`].map((file) => readFileSync(at(file), 'utf8')).join(''))
      return pem
    },
  }
}
