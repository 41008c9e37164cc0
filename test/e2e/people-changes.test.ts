// What an operator decides of a person is felt at the next call of a running service.
import t from 'tap'
import { handleOf } from '../../src/domain/person.ts'
import { openBrowser } from '../support/clients.ts'
import { eventsOf, openServices, storeKinds } from '../support/people-command.ts'

for (const kind of storeKinds) {
  await t.test(`people (${kind}): a person is let in, made an owner, put into groups, blocked and erased, each felt at the next call of a running service, when the operator says so`, async (t) => {
    const { first, second, people, logIn, whoAmI } = await openServices(t, kind, { REGISTRATION: 'approval' })
    t.match(await people('list'), { code: 0, stdout: /^Nobody has been here yet\. [^\n]+\n$/ })
    const phone = await first.phone('ming')
    const ticket = await openBrowser(first)
    t.hasStrict((await phone.scan(ticket.ticket)).json, { code: 'person-waiting' })
    const [sub, handle] = [phone.sub, handleOf(phone.sub)]

    const listed = await people('list')
    t.match(listed.stdout, /^1 person waits to be let in, 0 may come in, 0 are blocked\.\n\nhandle +state +last seen \(UTC\) +name\n/)
    t.match(listed.stdout, new RegExp(`\n${handle}  waiting  \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d  -\n$`))
    t.strictSame(JSON.parse((await people('list', '--state', 'waiting', '--json')).stdout).id, sub)

    const owner = await people('owner', 'add', handle)
    t.hasStrict(owner, { code: 0, said: '', stdout: `${handle} is an owner now, and has been let in\n` })
    t.strictSame(eventsOf(owner.steps), [['person.allowed', sub, 'operator'], ['person.changed', sub, 'operator']])
    t.hasStrict(await people('owner', 'add', handle), { code: 0, steps: [], stdout: `${handle} is an owner already\n` })
    t.hasStrict((await phone.signed({ path: '/api/phone/people?state=waiting' })).json, { people: [] })
    t.hasStrict(await people('owner', 'remove', sub), { code: 0, stdout: `${handle} is no owner any more\n` })
    t.hasStrict((await phone.signed({ path: '/api/phone/people' })).json, { code: 'not-owner' })

    const token = await logIn(phone)
    const grouped = await people('group', 'add', handle, 'staff')
    t.hasStrict(grouped, { code: 0, stdout: `${handle} is now in staff\n`, steps: [{ event: 'person.changed', sub, by: 'operator', groups: ['staff'] }] })
    await people('group', 'add', handle, 'editors')
    t.equal((await second.call({ path: '/api/session/verify', headers: { authorization: `Bearer ${token}` } })).headers['remote-groups'], 'staff,editors')
    t.hasStrict(await people('group', 'remove', sub, 'staff'), { code: 0, stdout: `${handle} is now in editors\n` })
    const shown = await people('show', handle, '--json')
    t.hasStrict(JSON.parse(shown.stdout), { id: sub, handle, state: 'active', groups: ['editors'], is_owner: false, browsers: 1 })
    t.notMatch(shown.stdout, /openid/)
    t.match((await people('show', sub, '--wechat-ids')).stdout, /\nstate {7}active\n[^]*\nbrowsers {4}1 logged in\nopenid {6}not kept\nunionid {5}not kept\n$/)

    const blocked = await people('block', handle)
    t.hasStrict(blocked, { code: 0, stdout: `${handle} is blocked, and signed out: 1 browser, 1 phone key\n` })
    t.strictSame(eventsOf(blocked.steps), [['person.blocked', sub, 'operator'], ['phone-key.ended', sub, 'operator'], ['session.ended', sub, 'operator']])
    t.equal(await whoAmI(token), 401, 'out at the very next call')
    const again = await first.phone('ming')
    t.hasStrict((await again.sessions()).json, { code: 'person-blocked' })
    const refused = await people('owner', 'add', handle)
    t.hasStrict(refused, { code: 1, stdout: '', steps: [], said: `scan-login: ${handle} is blocked: let them in first, with "allow"` })
    t.hasStrict(await people('erase', handle), { code: 0, stdout: `${handle} is erased: record, 0 browsers, all phone keys. That they are blocked is kept\n` })
    t.ok((await people('list', '--state', 'blocked')).stdout.endsWith(`${handle}  blocked  no record         -\n`), 'not that they have never been here')
    t.hasStrict(await people('allow', handle), { code: 0, stdout: `${handle} may come in\n` })

    const back = await logIn(await first.phone('ming'))
    t.equal(await whoAmI(back), 200)
    const erased = await people('erase', sub)
    t.hasStrict(erased, { code: 0, stdout: `${handle} is erased: record, 1 browser, all phone keys\n` })
    t.match(erased.steps.map(({ event }) => event).join(), /session\.ended.*person\.erased/)
    t.equal(await whoAmI(back), 401)
    t.match(await people('show', handle), { code: 1, stdout: '', said: /^scan-login: nobody is known as wx-[^\n]+$/ })

    const scanner = await first.phone('lan')
    await scanner.scan((await openBrowser(first)).ticket)
    await people('allow', scanner.sub)
    const scanned = await openBrowser(first)
    t.equal((await scanner.scan(scanned.ticket)).status, 200)
    const held = [first, second].map((service) => service.call({ path: `/api/tickets/${scanned.ticket}?after=2&wait=25`, headers: { authorization: `Ticket ${scanned.secret}` } }))
    const { steps } = await people('block', scanner.sub)
    t.strictSame(eventsOf(steps), ['person.blocked', 'phone-key.ended', 'ticket.cancelled'].map((event) => [event, scanner.sub, 'operator']))
    for (const answer of await Promise.all(held)) t.hasStrict(answer.json, { state: 'cancelled' }, 'a held poll is answered')

    const stranger = await first.phone('hong')
    t.hasStrict(await people('block', stranger.sub), { code: 0, stdout: `${handleOf(stranger.sub)} is blocked, and signed out: 0 browsers, 1 phone key\n` }, 'ahead of their first scan')
    t.hasStrict((await (await first.phone('hong')).scan((await openBrowser(first)).ticket)).json, { code: 'person-blocked' })
  })
}
