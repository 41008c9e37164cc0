/** Holds the READMEs to the code: their tables of calls and of errors are the registry's and the routes' own, their proxies those of the tests. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { problemTypes } from '../../src/errors.ts'
import { logCodes } from '../../src/log-codes.ts'
import { openTestService } from '../support/test-service.ts'
import { readInstancesBlock, readInstancesLine, readProxyFile } from '../support/proxy-files.ts'
import { readRecipe } from '../support/recipes.ts'
import { readmesIn, repository, sectionIn } from '../support/readmes.ts'

/** The language mark and the text of each block. */
const proxyBlocks = [
  ...([['nginx', 'nginx'], ['haproxy', 'haproxy'], ['caddyfile', 'caddy'], ['squid', 'squid']] as const).map(([mark, kind]) => [mark, readProxyFile(kind)]),
  ['nginx', readInstancesBlock('nginx')],
  ['nginx', readInstancesLine()],
  ['haproxy', readInstancesBlock('haproxy')],
]

/** The language mark and the file of each recipe. */
const recipes = [
  ['nginx', 'nginx.conf'], ['caddyfile', 'Caddyfile'], ['haproxy', 'haproxy.cfg'], ['lua', 'scan-login.lua'], ['yaml', 'traefik.yaml'],
  ['nginx', 'nginx-same-origin.conf'], ['caddyfile', 'Caddyfile-same-origin'], ['haproxy', 'haproxy-same-origin.cfg'], ['yaml', 'traefik-same-origin.yaml'],
] as const

const titles = [
  { language: 'en', errors: 'Errors', log: 'What the log says', api: 'API' },
  { language: 'zh-CN', errors: '错误', log: '日志里的警告和错误', api: '接口' },
] as const

/** Listed, and not in the description. */
const hidden: ReadonlySet<string> = new Set(['GET /openapi.json', ...['GET', 'POST', 'PUT', 'DELETE'].map((method) => `${method} /api/doctor`)])

for (const { language, errors, log, api } of titles) {
  await t.test(`READMEs in ${language}: they list every error with its status, and no other`, async (t) => {
    const listed = [...sectionIn(language, errors).matchAll(/^\| `([a-z-]+)` \| (\d{3}) \|/gm)].map(([, code, status]) => `${code} ${status}`)
    t.strictSame(listed.sort(), Object.entries(problemTypes).map(([code, { status }]) => `${code} ${status}`).sort())
  })

  await t.test(`READMEs in ${language}: they list every code of the log with its level, and no other`, async (t) => {
    const listed = [...sectionIn(language, log).matchAll(/^\| `([a-z-]+)` \| `(\w+)` \|/gm)].map(([, code, level]) => `${code} ${level}`)
    t.strictSame(listed.sort(), Object.entries(logCodes).map(([code, level]) => `${code} ${level}`).sort())
  })

  await t.test(`READMEs in ${language}: they list every call of the API, and no other`, async (t) => {
    const service = await openTestService(t, { env: { WECHAT_URL_LINK: 'on' } }) // with everything that can be switched on
    const { paths } = (await service.call({ path: '/openapi.json' })).json as { paths: Record<string, Record<string, unknown>> }
    const calls = Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`))
    const listed = [...sectionIn(language, api).matchAll(/^\| (.+?) \|/gm)].flatMap(([, call = '']) => [...call.matchAll(/`([A-Z]+ \/[^`?]+)/g)].map(([, name]) => name as string)) // the group is not optional
    t.strictSame([...new Set(calls.filter((call) => !call.startsWith('HEAD ')))].sort(), listed.filter((call) => !hidden.has(call)).sort())
  })

  const blocksIn = (text: string) => [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, mark = '', block = '']) => [mark, block])

  await t.test(`READMEs in ${language}: their proxies and recipes are the files that the tests run`, async (t) => {
    const isOfRecipes = ({ file }: { readonly file: string }): boolean => file.startsWith('src/http/recipes/')
    const readmes = readmesIn(language)
    const blocks = readmes.filter((readme) => !isOfRecipes(readme) && !readme.file.startsWith('src/deploy/containers')).flatMap(({ text }) => blocksIn(text)).filter(([mark]) => /^(?:nginx|haproxy|caddyfile|squid)$/.test(mark ?? ''))
    t.strictSame(blocks, proxyBlocks)
    t.strictSame(readmes.filter(isOfRecipes).flatMap(({ text }) => blocksIn(text)), recipes.map(([mark, file]) => [mark, readRecipe(file)]))
  })
}

await t.test('test/README.md: its example of a test passes', async (t) => {
  const [, example = ''] = /^```ts\n([^]*?)^```$/m.exec(readFileSync(join(repository, 'test/README.md'), 'utf8')) ?? []
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module-typescript', '--eval', example], { cwd: import.meta.dirname, encoding: 'utf8' })
  t.equal(status, 0, stderr)
  t.match(stdout, /^ {4}ok 1 - /m)
})

await t.test('READMEs: none is served to visitors', async (t) => {
  const service = await openTestService(t)
  for (const path of ['/README.md', '/README.zh-CN.md', '/scan-login/README.md', '/static/README.md']) t.equal((await service.call({ path })).status, 404, path)
})
