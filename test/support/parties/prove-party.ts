/** The same stories for each website: a login, a silent one, two kinds of logout, refusals, new keys. In Chromium, with the demo's phone. */
import type { BrowserContext, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { replaceKeys } from '../../../src/sessions/key-changes.ts'
import { launchChromium } from '../chromium.ts'
import { freePort } from '../redis.ts'
import type { Party } from './party.ts'
import { openProvider, type ProvenPerson, type TestProvider } from './provider.ts'

const groups = ['members', 'night-shift']

/** What a website shows. */
interface Shown {
  readonly claims: Readonly<Record<string, unknown>> | null
  readonly userinfo?: Readonly<Record<string, unknown>> | null
}

export interface Proof {
  /** Clicks that the website itself asks for before it sends the browser to the service. */
  readonly begin?: (page: Page) => Promise<void>
  /** The claims as this website has them, made of ours. */
  readonly readClaims?: (shown: Shown) => Readonly<Record<string, unknown>>
  /** What a person who may not log in to the website reads there. */
  readonly refused: RegExp
  /** What somebody reads who comes back with a `state` that the website didn't give. */
  readonly forged: RegExp
  /** Whether it fetches keys again as soon as it meets an unknown one, or looks at no signature. By default it does. */
  readonly isQuickWithKeys?: boolean
}

const textOf = (page: Page): Promise<string> => page.locator('body').innerText()

const shownAt = async (page: Page): Promise<Shown> => JSON.parse(await textOf(page)) as Shown // of our own websites

export const proveParty = async (party: Party, { begin = async () => {}, readClaims = ({ claims }) => claims ?? {}, refused, forged, isQuickWithKeys = true }: Proof): Promise<void> => {
  const { paths, name } = party
  const url = `http://127.0.0.1:${await freePort()}`
  const redirect = `${url}${paths.callback}`
  const provider = await openProvider(t, [{
    client_id: 'site',
    name,
    url,
    redirect_uris: [redirect],
    allow: { groups: ['members'] },
    ...paths.afterLogout !== null && { post_logout_redirect_uris: [`${url}${paths.afterLogout}`] },
    ...paths.backchannel !== null && { backchannel_logout_uri: `${url}${paths.backchannel}` },
  }])
  await party.open(t, { issuer: provider.issuer, url, clientId: 'site', clientSecret: provider.secretOf('site') })
  const browser = await launchChromium()
  t.teardown(() => browser.close())
  const ming = await provider.person('Ming', groups)

  const openContext = async (t: Test): Promise<{ context: BrowserContext, page: Page }> => {
    const context = await browser.newContext({ locale: 'en-US', reducedMotion: 'reduce' })
    t.teardown(() => context.close())
    context.setDefaultTimeout(20_000)
    return { context, page: await context.newPage() }
  }
  const beginLogin = async (page: Page): Promise<void> => {
    await page.goto(`${url}${paths.login}`)
    await begin(page)
  }
  /** Waits until the browser is at the website again, and returns what it shows. */
  const arrive = async (page: Page): Promise<Shown> => {
    await page.waitForURL((address) => address.origin === url)
    if (page.url() !== `${url}${paths.home}`) throw new Error(`${page.url()} shows: ${await textOf(page)}`)
    return await shownAt(page)
  }
  const logIn = async (page: Page): Promise<Shown> => {
    await beginLogin(page)
    await provider.logIn(page, ming, name)
    return await arrive(page)
  }
  const isLoggedIn = async (page: Page): Promise<boolean> => {
    await page.goto(`${url}${paths.home}`)
    return page.url().startsWith(url) && (await shownAt(page)).claims !== null
  }

  await t.test(`${name}: the website knows who the person is when they have scanned and confirmed`, async (t) => {
    const { page } = await openContext(t)
    const shown = await logIn(page)
    assertClaims(t, readClaims(shown), ming, provider)
    if (shown.userinfo != null) assertClaims(t, shown.userinfo, ming, provider)
  })

  await t.test(`${name}: a person who has logged in at the service is known at once, with no page in between, when they come to the website again`, async (t) => {
    const { page, context } = await openContext(t)
    const first = readClaims(await logIn(page))
    await context.clearCookies({ domain: '127.0.0.1' }) // the website's own; the service is at localhost
    const pages: string[] = []
    page.on('framenavigated', (frame) => { pages.push(frame.url()) })
    await beginLogin(page)
    const second = readClaims(await arrive(page))
    t.strictSame([second.sub, second.auth_time], [first.sub, first.auth_time])
    t.strictSame(pages.filter((address) => !address.startsWith(url)), [])
  })

  await t.test(`${name}: the person is logged out at the website${paths.backchannel === null ? '' : ' at once'}, and has to scan again, when they log out on the phone`, async (t) => {
    const { page, context } = await openContext(t)
    await logIn(page)
    t.equal((await ming.phone.signOutEverywhere()).status, 204)
    if (paths.backchannel === null) await context.clearCookies({ domain: '127.0.0.1' }) // it would know them until its own session ends
    else await untilLoggedOut(() => isLoggedIn(page))
    await beginLogin(page)
    await provider.waitForCode(page)
  })

  if (paths.logout !== null) {
    await t.test(`${name}: the person is logged out at the service, too, when they log out at the website`, async (t) => {
      const { page } = await openContext(t)
      await logIn(page)
      await page.goto(`${url}${paths.logout}${paths.logout?.endsWith('=') ? encodeURIComponent(`${url}${paths.afterLogout}`) : ''}`)
      await provider.confirmLogout(page)
      if (paths.afterLogout !== null) await page.waitForURL((address) => address.origin === url && address.pathname === paths.afterLogout)
      await beginLogin(page)
      await provider.waitForCode(page)
    })
  }

  await t.test(`${name}: the website says so when the person is in none of the groups that may log in there`, async (t) => {
    const { page } = await openContext(t)
    const bo = await provider.person('Bo', ['guests'])
    await beginLogin(page)
    await provider.logIn(page, bo, name)
    await page.waitForURL((address) => address.origin === url)
    t.match(await textOf(page), refused)
    t.ok(new URL(page.url()).pathname !== paths.home || (await shownAt(page)).claims === null)
  })

  await t.test(`${name}: nobody is logged in when an answer comes with a state that the website didn't give`, async (t) => {
    const { page } = await openContext(t)
    await page.goto(`${redirect}?code=stolen&state=forged&iss=${encodeURIComponent(provider.issuer)}`)
    t.match(await textOf(page), forged)
    t.equal(await isLoggedIn(page), false)
  })

  if (!isQuickWithKeys) return
  await t.test(`${name}: tokens of new keys are believed when the owner has replaced the keys since the last login`, async (t) => {
    const { page, context } = await openContext(t)
    await logIn(page)
    await context.clearCookies({ domain: '127.0.0.1' })
    const [before] = await provider.keyIds()
    replaceKeys(provider.keysFile)
    while ((await provider.keyIds()).includes(before)) await page.waitForTimeout(100)
    await beginLogin(page)
    t.equal(readClaims(await arrive(page)).sub, ming.sub)
  })
}

const assertClaims = (t: Test, claims: Readonly<Record<string, unknown>>, person: ProvenPerson, { emailDomain }: TestProvider): void => {
  const { sub, preferred_username: username, name, email, groups } = claims // mod_auth_openidc has lists as text
  t.strictSame({ sub, username, name, email, groups: typeof groups === 'string' ? groups.split(',') : groups }, {
    sub: person.sub, username: person.handle, name: person.name, email: `${person.handle}@${emailDomain}`, groups: person.groups,
  })
}

/** Within 2 s, says the contract; a busy machine gets more. */
const untilLoggedOut = async (isLoggedIn: () => Promise<boolean>): Promise<void> => {
  for (let tries = 0; await isLoggedIn(); tries++) if (tries > 50) throw new Error('the website still knows the person')
}
