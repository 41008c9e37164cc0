/** Holds both READMEs to the code: their tables of calls and of errors are the registry's and the routes' own, their proxies those of the tests. */
import { readFile } from 'node:fs/promises'
import t from 'tap'
import { problemTypes } from '../../src/errors.ts'
import { openHouse } from '../support/house.ts'
import { readInstancesBlock, readInstancesLine, readProxyFile } from '../support/proxy-files.ts'

/** How each block is marked, and what it says. */
const proxyBlocks = [
  ...([['nginx', 'nginx'], ['haproxy', 'haproxy'], ['caddyfile', 'caddy'], ['squid', 'squid']] as const).map(([mark, kind]) => [mark, readProxyFile(kind)]),
  ['nginx', readInstancesBlock('nginx')],
  ['nginx', readInstancesLine()],
  ['haproxy', readInstancesBlock('haproxy')],
]

const readmes = [
  { file: 'README.md', errors: 'Errors', api: 'API' },
  { file: 'README.zh-CN.md', errors: '错误', api: '接口' },
]

for (const { file, errors, api } of readmes) {
  const readme = await readFile(new URL(`../../${file}`, import.meta.url), 'utf8')

  /** The text under a heading of the second order. */
  const section = (title: string): string => readme.split(/^## /m).find((part) => part.startsWith(`${title}\n`)) ?? ''

  await t.test(`${file}: it lists every error with its status, and no other`, async (t) => {
    const listed = [...section(errors).matchAll(/^\| `([a-z-]+)` \| (\d{3}) \|/gm)].map(([, code, status]) => `${code} ${status}`)
    t.strictSame(listed.sort(), Object.entries(problemTypes).map(([code, { status }]) => `${code} ${status}`).sort())
  })

  await t.test(`${file}: it lists every call of the API, and no other`, async (t) => {
    const house = await openHouse(t, { env: { WECHAT_URL_LINK: 'on' } }) // with everything that can be switched on
    const { paths } = (await house.call({ path: '/openapi.json' })).json as { paths: Record<string, Record<string, unknown>> }
    const calls = Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`))
    const listed = [...section(api).matchAll(/^\| (.+?) \|/gm)].flatMap(([, call = '']) => [...call.matchAll(/`([A-Z]+ \/[^`?]+)/g)].map(([, name]) => name as string)) // the group is not optional
    t.strictSame([...new Set(calls.filter((call) => !call.startsWith('HEAD ')))].sort(), listed.filter((call) => call !== 'GET /openapi.json').sort())
  })

  await t.test(`${file}: its proxies are the files that the tests run`, async (t) => {
    const blocks = [...readme.matchAll(/^```(nginx|haproxy|caddyfile|squid)\n([\s\S]*?)^```$/gm)].map(([, mark, text]) => [mark, text])
    t.strictSame(blocks, proxyBlocks)
  })
}
