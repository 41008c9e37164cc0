/** Go's go-oidc with x/oauth2, built from Debian's packages: the issuer compared exactly, RS256 alone, the secret tried by Basic first. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { installed } from '../installed.ts'
import { makeFolder } from '../service-process.ts'
import type { Party } from './party.ts'
import { startServer } from './start-server.ts'

const repository = join(import.meta.dirname, '../../..')

export const goOidc: Party = {
  name: 'go-oidc',
  paths: { home: '/', login: '/login', callback: '/callback', logout: '/logout', afterLogout: '/', backchannel: null },
  open: async (t, { issuer, url, clientId, clientSecret }) => {
    const program = join(makeFolder(t), 'website')
    // Debian's packages are found by the path of sources, which modules replaced.
    const env = { PATH: process.env.PATH, GO111MODULE: 'off', GOPATH: '/usr/share/gocode', CGO_ENABLED: '0', GOFLAGS: '', GOCACHE: join(repository, 'node_modules/.cache/go') }
    await promisify(execFile)(installed('go'), ['build', '-o', program, join(import.meta.dirname, 'go/main.go')], { env, cwd: import.meta.dirname })
    await startServer(t, program, [], { url, env: { ISSUER: issuer, URL: url, CLIENT_ID: clientId, CLIENT_SECRET: clientSecret } })
  },
}
