/** A person who is blocked, or deletes their data, while a call of theirs is under way at another instance: at whatever call to the store that happens, they are out afterwards. */
import t, { type Test } from 'tap'
import { startWechatSimulator } from '../../src/demo/wechat-simulator.ts'
import { generateKeys } from '../../src/sessions/key-set.ts'
import { announcementKey, announcementTtlMs } from '../../src/stores/sqlite-changes.ts'
import { openBrowser, sign, type PhoneKeyAnswer, type TestBrowser, type TestPhone } from '../support/clients.ts'
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts'
import { createInterruption, type Interruption } from '../support/interrupted-store.ts'
import { confirmedBrowser, cookieOf, logIn, phoneOf, verdict } from '../support/login.ts'
import { allow, block, erase, ownerOf, peopleIn } from '../support/people.ts'
import { openTestService, type Answer, type TestService } from '../support/test-service.ts'
import { settle, turns } from '../support/waiting.ts'
import { onEveryStore, type Harness } from './store-harness.ts'

const site = 'https://other.example'
const env = { LIMIT_CREATE: '100000', LIMIT_GUESS: '100000', LIMIT_PHONE: '100000', ALLOWED_ORIGINS: site }
const sameOrigin = { 'sec-fetch-site': 'same-origin' }

/** On the stores that several processes can share. */
const onSeveralInstances: typeof onEveryStore = (t, name, tests) => onEveryStore(t, name, async (t, harness) => {
  if (harness.stores.length > 1) await tests(t, harness)
})

/** On a file the other process is a command: it announces its changes, and the service reads that once a second. */
const announce = async (command: TestService, clock: FakeClock): Promise<void> => {
  await command.store.write(announcementKey, 'changed', announcementTtlMs)
  clock.advance(1_000)
}

interface Bench {
  /** Its calls to the store can be interrupted. */
  readonly here: TestService
  readonly there: TestService
  readonly interruption: Interruption
  readonly owner: TestPhone
}

const openBench = async (t: Test, { stores }: Harness, more: Record<string, string> = {}): Promise<Bench> => {
  const clock = createFakeClock(Date.now())
  const simulator = await startWechatSimulator({ clock })
  t.teardown(() => simulator.close())
  const shared = { clock, simulator, keys: generateKeys(), env: { ...env, ...more } }
  const interruption = createInterruption()
  const here = await openTestService(t, { ...shared, store: stores[0], wrapStore: interruption.wrap })
  const there = await openTestService(t, { ...shared, store: stores[1] ?? stores[0] })
  return { here, there, interruption, owner: await ownerOf(there) }
}

/** All that a person holds. */
interface Holdings { readonly phones: TestPhone[], readonly browsers: TestBrowser[], readonly cookies: string[], readonly tokens: string[] }

/** Keeps what an answer gives. */
const keep = ({ cookies, tokens }: Holdings, answer: Answer): void => {
  if (answer.headers['set-cookie'] !== undefined) cookies.push(cookieOf(answer))
  if (answer.json?.access_token !== undefined) tokens.push(answer.json.access_token)
}

const foreignBrowser = async (service: TestService): Promise<TestBrowser> => {
  const { json: { ticket, secret } } = await service.call({ method: 'POST', path: '/api/tickets', headers: { origin: site } })
  const call = (method: 'GET' | 'POST', path: string) => service.call({ method, path: `/api/tickets/${ticket}${path}`, headers: { authorization: `Ticket ${secret}`, origin: site } })
  return { ticket, secret, poll: () => call('GET', ''), consume: () => call('POST', '/consume'), matchCode: async () => (await call('GET', '')).json.match_code } as unknown as TestBrowser // what is used here
}

interface Round {
  readonly service: TestService
  /** As WeChat's simulator knows the person. */
  readonly person: string
  readonly phone: TestPhone
  readonly held: Holdings
}

const confirmed = async ({ service, phone, held }: Round): Promise<TestBrowser> => {
  const { browser } = await confirmedBrowser(service, { phone })
  held.browsers.push(browser)
  return browser
}

/** Logs a browser in, long enough ago for its next use to be stored. */
const used = async ({ service, phone, held }: Round) => {
  const login = await logIn(service, { phone })
  keep(held, login.consumed)
  service.clock.advance(120_000)
  return { cookie: { cookie: login.cookie, ...sameOrigin }, bearer: { authorization: `Bearer ${login.token}` } }
}

/** Each prepares a call of the person or of their browser. */
const races: Record<string, (round: Round) => Promise<() => Promise<Answer>>> = {
  consume: async (round) => (await confirmed(round)).consume,
  'consume in a browser that is logged in': async (round) => {
    const { cookie } = await used(round)
    const { ticket, secret } = await confirmed(round)
    return () => round.service.call({ method: 'POST', path: `/api/tickets/${ticket}/consume`, headers: { authorization: `Ticket ${secret}`, ...cookie } })
  },
  'consume again': async (round) => {
    const browser = await confirmed(round)
    keep(round.held, await browser.consume())
    return browser.consume
  },
  confirm: async ({ service, phone, held }) => {
    const browser = await openBrowser(service)
    held.browsers.push(browser)
    await phone.scan(browser.ticket)
    const number = await browser.matchCode()
    return () => phone.confirm(browser.ticket, number)
  },
  scan: async ({ service, phone, held }) => {
    const browser = await openBrowser(service)
    held.browsers.push(browser)
    return () => phone.scan(browser.ticket)
  },
  'phone login': async ({ service, person }) => () => service.call({ method: 'POST', path: '/api/phone/login', body: { js_code: service.simulator.jsCode(person) } }),
  'a token by cookie': async (round) => {
    const { cookie } = await used(round)
    return () => round.service.call({ method: 'POST', path: '/api/session/token', headers: cookie })
  },
  'a token of another site': async ({ service, phone, held }) => {
    const browser = await foreignBrowser(service)
    await phone.scan(browser.ticket)
    await phone.confirm(browser.ticket, await browser.matchCode())
    const consumed = await browser.consume()
    keep(held, consumed)
    service.clock.advance(120_000)
    return () => service.call({ method: 'POST', path: '/api/session/token', headers: { authorization: `Bearer ${consumed.json.access_token}` } })
  },
  'who am I, by cookie': async (round) => {
    const { cookie } = await used(round)
    return () => round.service.call({ path: '/api/session', headers: cookie })
  },
  'who am I, by token': async (round) => {
    const { bearer } = await used(round)
    return () => round.service.call({ path: '/api/session', headers: bearer })
  },
  verify: async (round) => {
    const { cookie } = await used(round)
    return () => round.service.call({ path: '/api/session/verify', headers: cookie })
  },
  rename: async ({ phone }) => () => phone.rename('小雨'),
  'sign out everywhere': async (round) => {
    await used(round)
    return round.phone.signOutEverywhere
  },
}

/** Begins with somebody who is logged in in a browser. */
const begin = async ({ here }: Bench, person: string): Promise<Round> => {
  const phone = await phoneOf(here, person)
  const held: Holdings = { phones: [phone], browsers: [], cookies: [], tokens: [] }
  const { consumed } = await logIn(here, { phone })
  keep(held, consumed)
  return { service: here, person, phone, held }
}

/** Nothing of this lets anybody in. */
const assertOut = async (t: Test, { here, there }: Bench, { browsers, cookies, tokens }: Holdings, why: string): Promise<void> => {
  const headers = [...cookies.map((cookie) => ({ cookie, ...sameOrigin })), ...tokens.map((token) => ({ authorization: `Bearer ${token}` }))]
  const seen = await Promise.all(headers.map((headers, n) => (n % 2 === 0 ? here : there).call({ path: '/api/session', headers })))
  t.ok(seen.every(({ status }) => status === 401), why)
  const consumed = await Promise.all(browsers.map((browser) => browser.consume()))
  t.ok(consumed.every(({ status }) => [403, 404, 409].includes(status)), `${why}: ${consumed.map(verdict).join()}`)
}

/** What came of a call that was interrupted. `isLate`: it was answered after the interruption, and asked the store for something after it. */
interface Outcome { readonly round: Round, readonly answer: Answer, readonly done: Answer, readonly isLate: boolean, readonly why: string }

let people = 0

/** Waits for an interruption at a call that nobody waits for. */
const finished = async ({ isDone }: Interruption, wasReached: boolean): Promise<void> => {
  if (wasReached) while (!isDone()) await turns(1)
}

/** Makes the call of a race again and again, with something else at each of its calls to the store in turn, and at last after all of them. */
const atEveryStep = async (t: Test, bench: Bench, name: string, interrupt: (round: Round) => Promise<Answer>, judge: (outcome: Outcome) => Promise<void>): Promise<void> => {
  const { here, interruption } = bench
  for (let step = 1; ; step++) {
    const round = await begin(bench, `person ${people++}`)
    const call = await races[name]?.(round)
    if (call === undefined) throw new Error(`there is no ${name}`)
    await settle()
    let done: Answer | undefined
    interruption.plan(step, 'before', async () => { done = await interrupt(round) })
    const answer = await call()
    const isLate = interruption.isDone()
    const wasReached = interruption.end()
    await finished(interruption, wasReached)
    done ??= await interrupt(round)
    keep(round.held, answer)
    await judge({ round, answer, done, isLate, why: `${name}, step ${step}` })
    here.clock.advance(1)
    if (wasReached) continue
    t.ok(step > 1, `${name}: the store is called at all`)
    break
  }
}

/** The keys that a person has, and the one that an answer gave. */
const tryKeys = async (bench: Bench, { phones }: Holdings, answer: Answer): Promise<readonly string[]> => {
  const call = { path: '/api/phone/sessions' }
  const signed = (key: PhoneKeyAnswer) => bench.there.call({ ...call, headers: sign(call, key, { authority: 'login.example.com', created: Math.floor(bench.there.clock.now() / 1000) }) })
  const keys = [...phones.map(({ key }) => key), ...answer.json?.key_id === undefined ? [] : [answer.json as PhoneKeyAnswer]]
  return (await Promise.all(keys.map(signed))).map(verdict)
}

await onSeveralInstances(t, 'people: nobody who is blocked while a call of theirs is under way is logged in after it', async (t, harness) => {
  const bench = await openBench(t, harness)
  for (const name of Object.keys(races)) {
    await atEveryStep(t, bench, name, ({ phone }) => block(bench.owner, phone.sub), async ({ round: { phone, held }, answer, done, isLate, why }) => {
      t.equal(done.status, 200, why)
      if (isLate) t.equal(answer.json?.access_token, undefined, `${why}: no token is issued after the block`)
      await assertOut(t, bench, held, why)
      const [first, added] = await tryKeys(bench, held, answer)
      t.equal(first, '401 key-unknown', why)
      t.ok([undefined, '401 key-unknown', '403 person-blocked'].includes(added), `${why}: ${added}`)
      for (const browser of held.browsers) t.not((await browser.poll()).json?.state, 'scanned', `${why}: no browser waits for a confirmation that can't come`)
      // What was begun before the block stays ended.
      t.equal((await allow(bench.owner, phone.sub)).status, 200, why)
      await assertOut(t, bench, held, `${why}, let in again`)
      t.equal((await tryKeys(bench, held, answer))[0], '401 key-unknown', why)
    })
  }
})

await onSeveralInstances(t, 'people: nothing that was begun before lives on when a person deletes their data while a call of theirs is under way', async (t, harness) => {
  const bench = await openBench(t, harness)
  for (const name of Object.keys(races)) {
    await atEveryStep(t, bench, name, async ({ person }) => erase(await phoneOf(bench.there, person)), async ({ round: { person, held }, done, why }) => {
      t.ok(['204', '401 key-unknown'].includes(verdict(done)), `${why}: ${verdict(done)}`) // the latter where they have just signed out everywhere
      if (done.status !== 204) return
      await assertOut(t, bench, held, why)
      bench.here.clock.advance(1)
      const phone = await phoneOf(bench.there, person)
      const browser = await openBrowser(bench.there)
      t.equal((await phone.scan(browser.ticket)).status, 200, why)
      await assertOut(t, bench, held, `${why}, back again`)
      t.strictSame((await phone.sessions()).json.sessions, [], why)
    })
  }
})

await onSeveralInstances(t, 'people: a person is let in or blocked, and never both, when two owners decide at once', async (t, harness) => {
  const bench = await openBench(t, harness)
  const second = await ownerOf(bench.here, 'second owner')
  for (let n = 0; n < 20; n++) {
    const { phone, person, held } = await begin(bench, `person ${people++}`)
    await block(bench.owner, phone.sub)
    held.phones.push(await phoneOf(bench.here, person))
    const decide = async (delay: number, decision: typeof allow, owner: TestPhone) => {
      await turns(delay)
      return await decision(owner, phone.sub)
    }
    const answers = await Promise.all([decide((n * 3) % 7, allow, bench.owner), decide((n * 5) % 11, block, second), decide((n * 7) % 13, block, bench.owner)])
    t.strictSame(answers.map(({ status }) => status), [200, 200, 200])
    const { state } = await peopleIn(bench.there).read(phone.sub)
    t.match(state, /^(blocked|active)$/)
    await assertOut(t, bench, held, `${n}`)
    const browser = await openBrowser(bench.here)
    const [, added] = held.phones
    t.equal((await added?.scan(browser.ticket))?.status === 200, false, 'its key was ended by a block, or its person is blocked')
  }
})

await onSeveralInstances(t, 'people: whoever is blocked is out when two owners block each other', async (t, harness) => {
  const bench = await openBench(t, harness)
  for (let n = 0; n < 20; n++) {
    const [a, b] = [await ownerOf(bench.here, `owner a${n}`), await ownerOf(bench.there, `owner b${n}`)]
    const logins = await Promise.all([a, b].map((phone) => logIn(bench.here, { phone })))
    const at = async (delay: number, from: TestPhone, to: TestPhone) => {
      await turns(delay)
      return await block(from, to.sub)
    }
    const answers = await Promise.all([at((n * 3) % 13, a, b), at((n * 7) % 17, b, a)])
    t.ok(answers.some(({ status }) => status === 200), answers.map(verdict).join())
    for (const [index, blocked] of [b, a].entries()) {
      const isBlocked = (await peopleIn(bench.here).read(blocked.sub)).state === 'blocked'
      if (answers[index]?.status === 200) t.ok(isBlocked)
      if (!isBlocked) continue
      const login = logins[1 - index] as Awaited<ReturnType<typeof logIn>>
      await assertOut(t, bench, { phones: [], browsers: [], cookies: [login.cookie], tokens: [login.token] }, `${n}`)
      t.ok([401, 403].includes((await allow(blocked, a.sub)).status), 'nor do they decide any more')
    }
  }
})

await onSeveralInstances(t, 'people: somebody who scans twice at once for the first time has one record, and an owner is asked once', async (t, harness) => {
  const bench = await openBench(t, harness, { REGISTRATION: 'approval' })
  const { here, there, interruption } = bench
  for (const when of ['before', 'after'] as const) {
    for (let step = 1, wasReached = true; wasReached; step++) {
      const person = `twice ${people++}`
      const phones = [await phoneOf(here, person), await phoneOf(there, person)] as const
      const browsers = [await openBrowser(here), await openBrowser(there)] as const
      let other: Answer | undefined
      await settle()
      interruption.plan(step, when, async () => { other = await phones[1].scan(browsers[1].ticket) })
      const answer = await phones[0].scan(browsers[0].ticket)
      wasReached = interruption.end()
      await finished(interruption, wasReached)
      other ??= await phones[1].scan(browsers[1].ticket)
      const why = `${when} step ${step}`
      t.strictSame([verdict(answer), verdict(other)], ['403 person-waiting', '403 person-waiting'], why)
      const steps = [here, there].flatMap((service) => service.logged().split('\n')).filter((line) => line.includes('"event":"person.waiting"') && line.includes(phones[0].sub))
      t.equal(steps.length, 1, why)
      const { json } = await bench.owner.signed({ path: '/api/phone/people?state=waiting' })
      t.equal(json.people.filter(({ id }: { id: string }) => id === phones[0].sub).length, 1, why)
    }
  }
})

await onSeveralInstances(t, 'people: the polls of what a person has scanned are answered at once, at every instance, when the person is blocked', async (t, harness) => {
  const bench = await openBench(t, harness)
  const { here, there, owner } = bench
  const phone = await phoneOf(here, 'scanner')
  const [scanned, other] = [await openBrowser(here), await openBrowser(here)]
  await phone.scan(scanned.ticket)
  const stranger = await phoneOf(here, 'another')
  await stranger.scan(other.ticket)
  const polls = ({ ticket, secret }: TestBrowser) => [here, there].map((service) => service.call({ path: `/api/tickets/${ticket}?after=2&wait=25`, headers: { authorization: `Ticket ${secret}` } }))
  const held = polls(scanned)
  let isOtherAnswered = false
  for (const poll of polls(other)) poll.finally(() => { isOtherAnswered = true }).catch(() => {})
  await settle()
  t.equal((await block(owner, phone.sub)).status, 200)
  await settle()
  if ('advance' in harness.clock) await announce(there, harness.clock as FakeClock)
  for (const answer of await Promise.all(held)) t.hasStrict(answer.json, { state: 'cancelled' })
  const cancelled = [here, there].flatMap((service) => service.logged().split('\n')).filter((line) => line.includes('"event":"ticket.cancelled"'))
  t.strictSame(cancelled.map((line) => JSON.parse(line)).map(({ by, sub }) => ({ by, sub })), [{ by: 'owner', sub: phone.sub }])
  t.equal(isOtherAnswered, false)
  t.equal(verdict(await stranger.confirm(other.ticket, await other.matchCode())), '200', 'nobody else is concerned')
})

await onSeveralInstances(t, 'people: whoever was deleted is a stranger where a session that they were about to open was left', async (t, harness) => {
  const { here, there, owner } = await openBench(t, harness, { REGISTRATION: 'approval' })
  const phone = await phoneOf(here, 'once known')
  const browser = await openBrowser(here)
  t.equal(verdict(await phone.scan(browser.ticket)), '403 person-waiting')
  await allow(owner, phone.sub)
  await logIn(here, { phone })
  await there.store.remove(`person:${phone.sub}`)
  t.equal(verdict(await phone.scan((await openBrowser(here)).ticket)), '403 person-waiting', 'it lets nobody in without an owner')
})
