/** What the mini program shows of who may come in: to an owner, and to whoever is asked to wait, isn't known or is blocked. */
import type { TestPhone } from '../support/clients.ts'
import type { Studio } from './album.ts'
import { end, launchOf, openService, see, type OpenService } from './mini-program-states.ts'
import { photographScreens, type Launched, type Screen } from './mini-program-phone.ts'

const home = { path: 'pages/index/index' }
const page = (state: string) => ({ path: 'pages/people/people', query: { state } })
/** Not by waitForFunction, which the demo's policy forbids. */
const hasLoaded = (selector: string) => async ({ page }: Launched): Promise<void> => {
  const app = page.frameLocator('iframe')
  await app.locator(selector).first().waitFor()
  await app.locator('.bone').first().waitFor({ state: 'detached' })
}
const hasRows = hasLoaded('.person, .empty')
const homeIsThere = hasLoaded('.row-button')

/** Brings people into each state by the API, and makes the one who looks an owner. */
const populated = ({ browser, phone, server: { people } }: OpenService) => {
  const meet = async (person: string, name: string, state: 'waiting' | 'active' | 'blocked', groups: readonly string[] = []): Promise<TestPhone> => {
    const met = await phone(person)
    await met.scan((await browser()).ticket)
    if (state !== 'waiting') await people.setState(met.sub, ['waiting'], state)
    else await people.setState(met.sub, ['active', 'blocked'], state)
    if (name !== '') await people.rename(met.sub, name)
    await people.setGroups(met.sub, () => groups)
    return met
  }
  return {
    meet,
    own: async (person: string): Promise<void> => {
      await meet('one', '', 'waiting')
      await meet('two', '小雨 Xiaoyu', 'waiting', ['staff'])
      await meet('three', 'Bartholomew von und zu Hohenfels', 'active', ['beta-testers', 'staff', 'night-shift'])
      await meet('four', '阿明', 'blocked')
      const own = await meet(person, '岛主', 'active')
      await people.setOwner(own.sub, true)
    },
  }
}

const ownersScreens = (service: OpenService): Screen[] => {
  const { own } = populated(service)
  const listed = (state: string) => async (person: string) => {
    await own(person)
    return page(state)
  }
  const type = (text: string) => async (phone: Launched) => {
    await hasRows(phone)
    await phone.page.frameLocator('iframe').locator('input').fill(text)
    await phone.page.frameLocator('iframe').locator('.segments').waitFor({ state: 'detached' })
    await hasRows(phone)
  }
  return [
    { name: 'home of an owner', prepare: async (person) => { await own(person); return home }, until: homeIsThere },
    { name: 'people, reading', prepare: listed('waiting'), before: (phone) => phone.hold('**/api/phone/people**'), until: see('.bone--name') },
    { name: 'people who wait', prepare: listed('waiting'), until: hasRows },
    { name: 'people who may come in', prepare: listed('active'), until: hasRows },
    { name: 'people who are blocked', prepare: listed('blocked'), until: hasRows },
    { name: 'people, searched', prepare: listed('waiting'), until: type('小') },
    { name: 'people, nobody found', prepare: listed('waiting'), until: type('zzz') },
    { name: 'question before a block', prepare: listed('waiting'), until: async (phone) => { await hasRows(phone); await phone.tap('button[aria-label*="Xiaoyu"]:not(.small-button--strong)'); await see('dialog')(phone) } },
    { name: 'a decision that failed', prepare: listed('waiting'), until: async (phone) => { await hasRows(phone); await phone.page.route('**/allow', (route) => route.abort()); await phone.tap('.small-button--strong'); await see('.person-failure')(phone) } },
    { name: 'people, offline', prepare: listed('waiting'), settings: { online: false }, until: see('.failure') },
    { name: 'people, to whoever is no owner', prepare: async () => page('waiting'), until: see('.failure') },
  ]
}

const othersScreens = (service: OpenService, registration: 'approval' | 'closed'): Screen[] => {
  const { meet } = populated(service)
  const { browser } = service
  const been = (state: 'waiting' | 'blocked', name = '') => async (person: string) => { await meet(person, name, state); return home }
  const scanning = async () => launchOf(await browser())
  if (registration === 'closed') {
    return [
      { name: 'home of a stranger, closed', prepare: async () => home, until: homeIsThere },
      { name: 'scan of a stranger, closed', prepare: scanning, until: end },
    ]
  }
  return [
    { name: 'home of a stranger, approval', prepare: async () => home, until: homeIsThere },
    { name: 'scan of a stranger, approval', prepare: scanning, until: end },
    { name: 'home of whoever waits', prepare: been('waiting'), until: homeIsThere },
    { name: 'home of whoever waits, naming', prepare: async (person) => ({ ...await been('waiting', '小雨')(person), query: { naming: 'true' } }), until: homeIsThere },
    { name: 'home of whoever is blocked', prepare: been('blocked', '阿明'), until: homeIsThere },
    { name: 'scan of whoever is blocked', prepare: async (person) => { await meet(person, '', 'blocked'); return await scanning() }, until: end },
    { name: 'question before the deletion', prepare: async () => home, until: async (phone) => { await homeIsThere(phone); await phone.tap('.people .row-button'); await see('dialog')(phone) } },
    { name: 'data deleted', prepare: async () => home, until: async (phone) => { await homeIsThere(phone); await phone.tap('.people .row-button'); await phone.tap('.modal-choice--confirm'); await end(phone) } },
  ]
}

export const peopleStates = async (studio: Studio): Promise<void> => {
  const owners = await openService(studio, { REGISTRATION: 'approval' })
  await photographScreens(ownersScreens(owners), { ...studio, server: owners.server })
  for (const registration of ['approval', 'closed'] as const) {
    const service = await openService(studio, { REGISTRATION: registration })
    await photographScreens(othersScreens(service, registration), { ...studio, server: service.server })
  }
}
