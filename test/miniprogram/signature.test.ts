import { createHash } from 'node:crypto'
import { createSigner, createVerifier, httpbis } from 'http-message-signatures'
import t from 'tap'
import '../support/miniprogram.ts'
import { seededBytes } from '../support/seeded-random.ts'

const { sign } = await import('../../miniprogram/utils/signature.ts')

const key = Uint8Array.from({ length: 32 }, (_, at) => at)
const ticket = 'AbCdEfGhIjKlMnOpQrStUv'
const fields = ['@method', '@authority', '@path', '@query', 'content-digest']
const params = ['created', 'nonce', 'keyid', 'alg', 'tag']

/** Test vectors of the signature that src/http/README.md, "API", describes. */
const vectors = [
  {
    request: { method: 'POST', path: `/api/phone/tickets/${ticket}/confirm`, query: '', body: '{"match_code":"47"}' },
    created: 1770000000,
    nonce: 'AAECAwQFBgcICQoLDA0ODw',
    digest: 'DFPSJPIdfOoSDwKP+IbkaXxuSJYAnnZRf80FFegU8PI=',
    signature: 'o8CibBXLzSEl58C7iqT0NBwIsYDWD+GdOA4z1z7Cglk=',
  },
  {
    request: { method: 'POST', path: `/api/phone/tickets/${ticket}/scan`, query: '', body: '{"device":"微信"}' },
    created: 1770000000,
    nonce: 'EBESExQVFhcYGRobHB0eHw',
    digest: 'idmjBTFsW26R7M7iXPkfkMFAG46oeay2bwT4wuLl38I=',
    signature: 'I7U7t0Gkolv1nFIv/abGjoFrw31cPxBEIVgDnOSqPt4=',
  },
  {
    request: { method: 'GET', path: '/api/phone/sessions', query: 'limit=10&after=a%20b', body: '' },
    created: 1770000001,
    nonce: 'ICEiIyQlJicoKSorLC0uLw',
    digest: '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=',
    signature: 'b9OW2XCBEpfJe9WPs6NgZa7c6XNi5rB+cmITp/xgzwE=',
  },
]

await t.test('sign: returns the headers of the contract when the request is one of its test vectors', async (t) => {
  for (const { request, created, nonce, digest, signature } of vectors) {
    t.strictSame(sign({ ...request, serviceUrl: 'https://login.example.com', key, keyId: 'key_0001', created, nonce }), {
      'Content-Digest': `sha-256=:${digest}:`,
      'Signature-Input': 'sig1=("@method" "@authority" "@path" "@query" "content-digest")' +
        `;created=${created};nonce="${nonce}";keyid="key_0001";alg="hmac-sha256";tag="scan-login"`,
      Signature: `sig1=:${signature}:`,
    })
  }
})

await t.test('sign: an independent implementation makes the same signature and accepts it when the request is any', async (t) => {
  const services = ['https://login.example.com', 'http://localhost:3000', 'https://example.com/login', 'https://Example.COM:443/a/b', 'http://[::1]:8080/x']
  for (const serviceUrl of services) {
    for (const query of ['', 'a=1', 'after=%E5%BE%AE&b=', '?']) {
      const secret = seededBytes(32)
      const body = query === '' ? '' : JSON.stringify({ name: '小明 👩‍💻', noise: seededBytes(40).toString('base64') })
      const created = 1770000000 + query.length
      const nonce = seededBytes(16).toString('base64url')
      const ours = sign({ method: 'PUT', serviceUrl, path: '/api/phone/profile', query, body, key: secret, keyId: 'k-1', created, nonce })

      const url = `${serviceUrl}/api/phone/profile${query === '' ? '' : `?${query}`}`
      const digest = `sha-256=:${createHash('sha256').update(body).digest('base64')}:`
      const theirs = await httpbis.signMessage({
        key: createSigner(secret, 'hmac-sha256', 'k-1'),
        name: 'sig1',
        fields,
        params,
        paramValues: { created: new Date(created * 1000), nonce, tag: 'scan-login' },
      }, { method: 'PUT', url, headers: { 'Content-Digest': digest } })
      t.strictSame({ ...ours }, { ...theirs.headers }, url)

      const accepts = (headers: Record<string, string>): Promise<boolean | null> => httpbis.verifyMessage({
        keyLookup: async () => ({ id: 'k-1', algs: ['hmac-sha256'], verify: createVerifier(secret, 'hmac-sha256') }),
        requiredFields: fields,
        requiredParams: params,
        maxAge: Number.MAX_SAFE_INTEGER,
      }, { method: 'PUT', url, headers })
      t.equal(await accepts({ ...ours }), true, `accepted: ${url}`)
      t.not(await accepts({ ...ours, 'Content-Digest': digest.replace(/:./, ':_') }), true, `changed on the way: ${url}`)
    }
  }
})

await t.test('sign: throws a TypeError when the service URL is invalid', async (t) => {
  for (const serviceUrl of ['', 'login.example.com', 'ftp://example.com', 'https://', 'https://example.com/', 'https://example.com/a?b', 'https://a@example.com', 'https://example.com/a//b']) {
    t.throws(() => sign({ method: 'GET', serviceUrl, path: '/', query: '', body: '', key, keyId: 'k', created: 0, nonce: 'n' }), TypeError, serviceUrl)
  }
})
