// People who are known ahead of their first scan, and a list of more than one page.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openBrowser } from '../support/clients.ts'
import { eventsOf, openServices, peopleScript as script, storeKinds } from '../support/people-command.ts'
import { run } from '../support/service-process.ts'

for (const kind of storeKinds) {
  await t.test(`people (${kind}): who is imported logs in where REGISTRATION is closed, and a second import changes nothing, when the file is good; nothing is imported when a line is wrong`, async (t) => {
    const { first, people, logIn, whoAmI, settings } = await openServices(t, kind, { REGISTRATION: 'closed', KEEP_WECHAT_IDS: 'on' })
    const { simulator, folder } = first
    const file = join(folder, 'users.csv')
    const [ming, hong] = [simulator.openidOf('ming'), simulator.openidOf('hong')]

    writeFileSync(file, `openid,name\n${ming},小明\n${hong},admin\n${ming},小明\n`)
    const refused = await people('import', file)
    t.hasStrict(refused, { code: 1, stdout: '', steps: [] })
    t.strictSame(refused.said.split('\n'), ['line 3 has a name that looks like an official of the site or of WeChat', 'line 4 has the openid of line 2', `nothing was imported: 2 lines of ${file} are wrong`].map((line) => `scan-login: ${line}`))
    t.match(await people('list'), { stdout: /^Nobody/ })
    const phone = await first.phone('ming')
    t.hasStrict((await phone.scan((await openBrowser(first)).ticket)).json, { code: 'person-unknown' })

    // As a spreadsheet writes it, and more than one page of the list.
    const many = Array.from({ length: 1100 }, (_, n) => `oMANY-${n},,,\r\n`).join('')
    writeFileSync(file, `\ufeffOpenID,unionid,name,groups\r\n${ming},oU-of-ming,"小明","staff; editors"\r\n\r\n${hong},,,\r\n${many}`)
    const done = await people('import', file)
    t.hasStrict(done, { code: 0, said: '', stdout: '1102 new people, 0 changed, 0 unchanged\n' })
    t.strictSame(eventsOf(done.steps.filter(({ sub }) => sub === phone.sub)), [['person.allowed', phone.sub, 'operator'], ['person.changed', phone.sub, 'operator']])
    t.notOk(JSON.stringify(done.steps).includes(ming), 'no openid is in the audit')
    t.equal(await whoAmI(await logIn(phone)), 200, 'an imported person is let in')
    await phone.rename('我自己')
    const again = await people('import', file, '--json')
    t.strictSame(JSON.parse(again.stdout), { new: 0, changed: 0, unchanged: 1102, blocked: 0 })
    t.strictSame(again.steps, [])
    t.hasStrict(JSON.parse((await people('show', phone.sub, '--json', '--wechat-ids')).stdout), { name: '我自己', groups: ['staff', 'editors'], openid: ming, unionid: 'oU-of-ming' })

    const listed = (await people('list', '--json')).stdout.trim().split('\n').map((line) => JSON.parse(line).id)
    t.equal(new Set(listed).size, 1102)
    t.equal(listed.length, 1102, 'each is listed once, over all pages')
    const head = await run(t, { script: 'people', through: ['sh', '-c', `${process.execPath} ${join(import.meta.dirname, '../..', script)} list | head -2; echo`], folder, env: settings }).ended
    t.hasStrict(head, { code: 0, stderr: '' }, 'a reader that has seen enough is no error')
    t.match(head.stdout, /^0 people wait to be let in, 1102 may come in, 0 are blocked\.\n/)

    t.match(await people('forget-wechat-ids'), { code: 1, said: /KEEP_WECHAT_IDS is on/ })
    const forgotten = await run(t, { script, args: ['forget-wechat-ids'], folder, env: { ...settings, KEEP_WECHAT_IDS: 'off' } }).ended
    t.hasStrict(forgotten, { code: 0, stdout: '1102 people had WeChat ids kept: they are deleted\n' })
    t.hasStrict(JSON.parse((await people('show', phone.sub, '--json', '--wechat-ids')).stdout), { openid: null, unionid: null })
  })
}
