/** A program with little memory that lists, searches and counts the people of a store, and prints what that took as JSON. Its arguments: STORE_URL, and a name to search for. */
import { createPeople } from '../../src/people/people.ts'
import type { Store } from '../../src/login/store-port.ts'
import { systemClock } from '../../src/runtime.ts'
import { createStore } from '../../src/stores/store.ts'

const [url = '', name = ''] = process.argv.slice(2)
const quiet = { info () {}, warn () {}, error () {} }
const store = createStore(url, { clock: systemClock, log: quiet })
for (let isReady = false; !isReady;) {
  isReady = await store.check().then(() => true, () => false)
  await new Promise((resolve) => setTimeout(resolve, 20))
}

let calls: string[] = []
const people = createPeople(new Proxy(store, {
  get: (target, method: keyof Store) => (...args: unknown[]) => {
    calls.push(method)
    return (target[method] as (...args: unknown[]) => unknown)(...args)
  },
}), systemClock)

/** The calls to the store of each page, each kind of page once. */
const callsOfPages = new Set<string>()
let listed = 0
let newest: string | undefined
for (let after: string | null | undefined; after !== null;) {
  calls = []
  const page = await people.list('active', { after: after ?? null, limit: 50 })
  if (page.people.length > 0) callsOfPages.add(calls.join(' '))
  newest ??= page.people[0]?.sub
  listed += page.people.length
  after = page.next
}
calls = []
const counted = await people.count('active')
const callsOfCount = calls.join(' ')
calls = []
const found = await people.find(name)
const callsOfSearch = calls.join(' ')
await store.close()
process.stdout.write(JSON.stringify({ listed, counted, newest, found: found.map((person) => person.name), callsOfPages: [...callsOfPages], callsOfCount, callsOfSearch }))
