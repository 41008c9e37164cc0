/** `npm run demo`: the demo on a loopback port; with `-- --with-site` also sample websites, on ports of their own. */
import { createServer } from 'node:net'
import { parseArgs } from 'node:util'
import { readEnvironment } from '../environment.ts'
import { takeOverSignals } from '../log-output.ts'
import { orExit, serve } from '../serve.ts'
import { openDemo } from './demo.ts'
import { demoEnvironment } from './environment.ts'
import type { DemoSite } from './sites/demo-sites.ts'
import { siteLanguages } from './sites/words.ts'

const host = '127.0.0.1'
const defaultPort = 3000
/** Where README.md has an owner's first website run, beside a demo with sites. */
const firstWebsite = 'http://localhost:8000'

const usage = `usage: npm run demo [-- options]

  --with-site        also starts sample websites, one for each way into a website, and allows ${firstWebsite}
  --allow <origin>   lets a website of yours on this computer use the demo: ${firstWebsite}
`
const options = { help: { type: 'boolean', default: false }, 'with-site': { type: 'boolean', default: false }, allow: { type: 'string', multiple: true, default: [] as string[] } } as const

const readArguments = () => {
  try {
    return parseArgs({ options }).values
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${usage}`, { cause: error }) // parseArgs throws Errors
  }
}

/** The demo lets anybody log in as anybody, so pages of real sites must not reach it. */
const isOfThisComputer = (origin: string): boolean => /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/.test(origin) && URL.parse(origin)?.origin === origin

await orExit(async () => {
  const { help, 'with-site': withSite, allow: allowed } = readArguments()
  if (help) {
    process.stdout.write(usage)
    return
  }
  const environment = readEnvironment({ withFile: false }) // a .env file would name the store of a real service
  if (environment.NODE_ENV === 'production') throw new Error('the demo lets anybody log in as anybody, so it does not start with NODE_ENV=production')
  for (const origin of allowed) if (!isOfThisComputer(origin)) throw new Error(`--allow ${origin}: name an origin of this computer, like ${firstWebsite}`)
  const port = environment.PORT ?? String((await freePorts(defaultPort, 1))[0])
  const samples = withSite ? await prepareSamples(Number(port) + 1) : null
  const sites = samples?.sites ?? []
  const settings = { ...samples?.settings, ALLOWED_ORIGINS: [...new Set([...sites.map(({ url }) => url), ...withSite ? [firstWebsite] : [], ...allowed])].join(',') }
  const { honoured, ignored } = demoEnvironment(environment)
  if (ignored.length > 0) process.stderr.write(`scan-login: the demo ignores these environment variables: ${ignored.join(', ')}. It has its own store, keys, address and simulated WeChat\n`)
  const { app, config, close } = await openDemo({ port, environment: { ...honoured, ...settings }, sites: withSite || allowed.length > 0 ? sites : undefined })
  takeOverSignals() // serve handles them
  let stopSites = async (): Promise<void> => undefined
  await serve(app, { host, port: config.PORT }, async () => {
    await stopSites()
    await close()
  })
  if (samples !== null) stopSites = await samples.start(config.PUBLIC_URL)
  process.stdout.write(`
  scan-login demo, with a simulated WeChat and simulated phones

  Open     ${config.PUBLIC_URL}/demo         the login page and a phone, side by side
  or       ${config.PUBLIC_URL}/login        the login page alone
  and      ${config.PUBLIC_URL}/demo/phone   a phone in a tab of its own

${aboutSites(sites)}`)
})

/** Loaded where it is asked for: one of the websites needs a package that only a clone has. */
async function prepareSamples (firstPort: number) {
  const { prepareSites, siteKinds } = await import('./sites/demo-sites.ts')
  return prepareSites(await freePorts(firstPort, siteKinds.length))
}

/** A sentence about each website, in both languages of the READMEs. */
function aboutSites (sites: readonly DemoSite[]): string {
  if (sites.length === 0) return ''
  const languages = [siteLanguages.en, siteLanguages['zh-CN']]
  const lines = sites.map(({ kind, url }) => languages.map(({ ways }, index) => `  ${(index === 0 ? url : '').padEnd(25)}${ways[kind].what}\n`).join(''))
  return `  ${languages.map(({ title }) => title).join(' · ')}\n\n${lines.join('\n')}
  Each in your own website: README.md, "${siteLanguages.en.title}". 放进你自己的网站：README.zh-CN.md「${siteLanguages['zh-CN'].title}」\n\n`
}

/** Finds free ports: from the first on, or a random one for each that is taken. */
async function freePorts (first: number, count: number): Promise<readonly number[]> {
  const found: number[] = []
  const held: Array<() => Promise<unknown>> = []
  for (let index = 0; index < count; index++) {
    for (const port of [first + index, 0]) {
      const server = createServer()
      const free = await new Promise<number | undefined>((resolve) => {
        server.once('error', () => resolve(undefined))
        server.listen({ host, port }, () => resolve((server.address() as { port: number }).port)) // an object for a TCP server
      })
      if (free === undefined) continue
      held.push(() => new Promise((resolve) => server.close(resolve))) // held until all are found, or two could be the same
      found.push(free)
      break
    }
  }
  await Promise.all(held.map((release) => release()))
  if (found.length < count) throw new Error('no free port to listen on')
  return found
}
