import t from 'tap'
import { pagePolicy, withFormUris } from '../../../src/oidc/page-policy.ts'

const formActionIn = (policy: string): string | undefined => policy.split(';').find((directive) => directive.startsWith('form-action'))

await t.test('page policy: forms lead to the origins that are named, each once, and to none where none is', async (t) => {
  const rows: ReadonlyArray<readonly [readonly string[], string]> = [
    [[], "'none'"],
    [['https://app.example.com/cb?a=b;script-src%20*#x'], 'https://app.example.com'],
    [['https://login.example.com/oidc/device', 'https://login.example.com/x', 'https://app.example.com:8443/bye'], 'https://login.example.com https://app.example.com:8443'],
    [['http://localhost:3000/'], 'http://localhost:3000'],
    [['http://[::1]:3000/'], 'http:'],
    [['com.example.app:/cb'], 'com.example.app:'],
    [['https://例子.example/'], 'https://xn--fsqu00a.example'],
  ]
  for (const [uris, sources] of rows) {
    t.equal(formActionIn(pagePolicy(uris, { isFramedByOwnPages: false })), `form-action ${sources}`)
    t.equal(withFormUris(pagePolicy([], { isFramedByOwnPages: false }), uris), pagePolicy(uris, { isFramedByOwnPages: false }))
  }
})

await t.test('page policy: no script runs, and no other page shows ours in a frame, unless the demo does', async (t) => {
  const directives = pagePolicy([], { isFramedByOwnPages: false }).split(';')
  for (const directive of ["default-src 'none'", 'script-src', "frame-ancestors 'none'", "base-uri 'none'"]) t.ok(directives.includes(directive), directive)
  t.ok(pagePolicy([], { isFramedByOwnPages: true }).endsWith("frame-ancestors 'self'"))
})
