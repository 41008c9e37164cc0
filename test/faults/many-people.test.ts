/** 100,000 people in a store: whoever lists, searches or counts them needs memory for a page, and as many calls to the store for the last page as for the first. */
import { execFile } from 'node:child_process'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { join } from 'node:path'
import { createClient } from '@keyv/redis'
import t, { type Test } from 'tap'
import { createPeople } from '../../src/people/people.ts'
import { entriesOf, keptMs, type ListEntry, type PersonRecord } from '../../src/people/person-record.ts'
import { systemClock } from '../../src/runtime.ts'
import { encode } from '../../src/stores/keyv.ts'
import { openStore, temporaryFolder, untilReady } from '../contract/store-harness.ts'
import { subFor } from '../support/subs.ts'
import { startRedis } from '../support/redis.ts'

const many = 100_000
/** All 100,000 with their records need more than twice as much. */
const heapMb = 64

const program = fileURLToPath(new URL('../support/read-people.ts', import.meta.url))

interface Stored { readonly key: string, readonly text: string, readonly entries: readonly ListEntry[] }

/** A store, and a way to fill it at once: call by call it would take minutes on a busy machine. */
interface Filled { readonly url: string, fill (stored: readonly Stored[]): Promise<void> }

const endsAt = Date.now() + keptMs

const kinds: Readonly<Record<string, (t: Test) => Promise<Filled>>> = {
  sqlite: async (t) => {
    const file = join(temporaryFolder(t), 'store.db')
    return {
      url: `sqlite:${file}`,
      fill: async (stored) => {
        const db = new DatabaseSync(file)
        const [entry, listed] = [db.prepare('INSERT INTO entries VALUES (?, ?, ?)'), db.prepare('INSERT INTO listed VALUES (?, ?)')]
        db.exec('BEGIN')
        for (const { key, text, entries } of stored) {
          entry.run(key, text, endsAt)
          for (const one of entries) listed.run(one.list, one.text)
        }
        db.exec('COMMIT')
        db.close()
      },
    }
  },
  redis: async (t) => {
    const server = await startRedis()
    t.teardown(() => server.stop())
    return {
      url: server.url,
      fill: async (stored) => {
        const client = createClient({ url: server.url })
        await client.connect()
        for (let from = 0; from < stored.length; from += 1000) {
          const part = stored.slice(from, from + 1000)
          await client.mSet(part.flatMap(({ key, text }) => [`scan-login:${key}`, text]))
          for (const list of new Set(part.flatMap(({ entries }) => entries.map((entry) => entry.list)))) {
            await client.zAdd(`scan-login-lists:${list}`, part.flatMap(({ entries }) => entries.filter((entry) => entry.list === list).map(({ text: value }) => ({ score: 0, value }))))
          }
        }
        client.destroy()
      },
    }
  },
}

const personAt = (n: number): Stored => {
  const at = Date.now() - many + n
  const sub = subFor(n)
  const record: PersonRecord = { schema: 1, version: 1, sub, state: 'active', stateSince: at, groups: ['staff'], isOwner: false, recordedAt: at, firstSeenAt: at, lastSeenAt: at, tickets: [], listedNames: [], unsettled: null, isErased: false }
  return { key: `person:${sub}`, text: encode({ value: record }), entries: entriesOf(record) }
}

for (const [kind, open] of Object.entries(kinds)) {
  await t.test(`people: 100,000 are listed, searched and counted in little memory, with the same calls for each page (${kind})`, async (t) => {
    const { url, fill } = await open(t)
    const store = openStore(t, url, systemClock)
    await untilReady(store)
    await fill(Array.from({ length: many }, (_, n) => personAt(n)))
    const people = createPeople(store, systemClock)
    const named = [0, 1, 50_000, many - 1]
    for (const n of named) await people.rename(subFor(n), `Somebody ${n}`)
    await store.close()

    const { stdout } = await promisify(execFile)(process.execPath, [`--max-old-space-size=${heapMb}`, program, url, 'somebody'])
    const { found, ...result } = JSON.parse(stdout) as { found: string[] }
    t.strictSame(result, {
      listed: many,
      counted: many,
      newest: subFor(many - 1),
      callsOfPages: ['readList readMany'],
      callsOfCount: 'lengthOfList',
      callsOfSearch: 'readList readList readMany',
    })
    t.strictSame(found.sort(), named.map((n) => `Somebody ${n}`).sort())
  })
}
