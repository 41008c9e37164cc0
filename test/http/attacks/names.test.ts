/** Names: the browser gets them only after the confirmation, and look-alikes are refused. */
import t from 'tap'
import { openBrowser } from '../../support/clients.ts'
import { openTestService } from '../../support/test-service.ts'
import { logIn, phoneOf, verdict } from '../../support/login.ts'
import { onEveryStore } from '../../contract/store-harness.ts'

const env = { LIMIT_PHONE: '100000', LIMIT_CREATE: '100000' }

await onEveryStore(t, 'E16 name', async (t, { stores: [store] }) => {
  const service = await openTestService(t, { store, env })

  await t.test('name: the browser gets it after the confirmation, and not when its code was only scanned', async (t) => {
    const phone = await phoneOf(service)
    await phone.rename('小雨')
    const browser = await openBrowser(service)
    await phone.scan(browser.ticket)
    const held = await browser.poll(1)
    t.hasStrict(held.json, { state: 'scanned', phone: undefined })
    t.notOk(held.text.includes('小雨'))
    t.notOk(JSON.stringify(await store.read(`ticket:${browser.ticket}`)).includes('小雨'), 'it isn\'t stored in the ticket either')
    await phone.rename('小雪')
    await phone.confirm(browser.ticket, await browser.matchCode())
    t.strictSame((await browser.poll()).json.phone, { name: '小雪' }, 'the current name')
    t.equal((await browser.consume()).json.user.name, '小雪')
    t.strictSame((await browser.poll()).json.phone, { name: '小雪' })
    const refused = await openBrowser(service)
    await phone.scan(refused.ticket)
    await phone.cancel(refused.ticket)
    t.hasStrict((await refused.poll()).json, { state: 'cancelled', phone: undefined }, 'not after a cancellation')
  })

  await t.test('name: a look-alike that an earlier release has stored is not shown', async (t) => {
    const { phone, browser, cookie } = await logIn(service, { phone: await phoneOf(service, 'old') })
    await store.write(`person-name:${phone.sub}`, { schema: 1, name: '系统管理员' }, null)
    t.equal((await service.call({ path: '/api/session', headers: { cookie } })).json.user.name, null)
    t.equal((await service.call({ path: '/api/session/verify', headers: { cookie } })).headers['remote-name'], '')
    t.equal((await browser.consume()).json.user.name, null)
    t.equal(verdict(await phone.rename('小雨')), '200')
    t.equal((await service.call({ path: '/api/session', headers: { cookie } })).json.user.name, '小雨')
  })
})

await t.test('E16 name: a look-alike is refused with a reason, and the earlier name is kept', async (t) => {
  const service = await openTestService(t, { env })
  const { phone, cookie } = await logIn(service)
  await phone.rename('小雨')
  const refused = {
    'mixed-scripts': ['Аdmin', 'аdmіn', 'Жora', 'Ivan (Ивaн)'],
    office: ['Admin', 'ADM1N', 'ad\u200dmin', '𝐚𝐝𝐦𝐢𝐧', '管理员', '【官方】', '微信客服', 'а dmin'],
    address: ['evil.com', 't.me', 'https://evil', 'root@localhost', '138 0013 8000'],
    unreadable: ['名'.repeat(33), 'a\u202eb', 'a\nb'],
  }
  const details = new Set<string>()
  for (const [reason, names] of Object.entries(refused)) {
    for (const name of names) {
      const answer = await phone.rename(name)
      t.equal(verdict(answer), '400 bad-request', encodeURIComponent(name))
      t.equal(answer.json.reason, reason, encodeURIComponent(name))
      t.notOk(answer.text.includes(name), 'which doesn\'t say it again')
      details.add(answer.json.detail)
    }
  }
  t.equal(details.size, 4)
  t.equal((await service.call({ path: '/api/session', headers: { cookie } })).json.user.name, '小雨')
  for (const name of ['小明 👩‍🚀', 'Ann', 'José', 'J.Smith', 'Иван', 'Иван (Ivan)', '李雷 Leo', '김철수', 'さくら', '']) t.equal(verdict(await phone.rename(name)), '200', name)
})
