/** What only the embedded store guarantees: a file that survives a crash, may be shared by processes, stays small, and is private. */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createInterface } from 'node:readline'
import { setTimeout as waiting } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Keyv } from 'keyv'
import t, { type Test } from 'tap'
import { createSqliteAdapter, purgeBatch } from '../../src/stores/sqlite-adapter.ts'
import { createStore } from '../../src/stores/store.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { systemClock } from '../../src/runtime.ts'
import { waitUntil } from '../support/waiting.ts'
import { openStore, temporaryFolder } from './store-harness.ts'

const hour = 3_600_000

/** Starts another process on the store; `lines` is what it prints. */
const startChild = (t: Test, ...args: string[]) => {
  const child = spawn(process.execPath, [fileURLToPath(new URL('../support/store-child.ts', import.meta.url)), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => { child.kill('SIGKILL') })
  return { child, exited: once(child, 'exit'), lines: createInterface({ input: child.stdout }) }
}

await t.test('sqlite: nothing that was acknowledged is lost when the process is killed', async (t) => {
  const url = `sqlite:${join(temporaryFolder(t), 'store.db')}`
  let counted = 0
  for (const atLeast of [1, 40, 150]) {
    const { child, exited, lines } = startChild(t, 'write', url)
    let acknowledged = 0
    for await (const line of lines) {
      acknowledged = Number(line)
      if (acknowledged >= atLeast) child.kill('SIGKILL')
    }
    await exited

    const store = createStore(url, { clock: systemClock, log: createRecordingLog() })
    const missing = []
    for (let n = 1; n <= acknowledged; n++) {
      if (await store.read(`value:${n}`) !== n) missing.push(`value:${n}`)
      if (await store.claim(`claim:${n}`, 'again', hour)) missing.push(`claim:${n}`)
    }
    const record = await store.read<{ version: number }>('record:1')
    t.ok(acknowledged >= atLeast, `the process has written at least ${atLeast}`)
    t.strictSame(missing, [], `write and claim: nothing is lost when the process is killed after ${acknowledged} rounds`)
    t.ok(record !== undefined && record.version > acknowledged, 'replace: nothing is lost when the process is killed')
    const { count } = await store.count('count:1', hour)
    t.ok(count > counted + acknowledged, 'count: nothing is lost when the process is killed')
    counted = count
    for (let n = 1; n <= acknowledged + 1; n++) await store.remove(`claim:${n}`)
    await store.close()
  }
})

await t.test('sqlite: claims, slots and counts stay exact when three processes use one file', async (t) => {
  const url = `sqlite:${join(temporaryFolder(t), 'store.db')}`
  const rounds = 200
  const won: number[] = Array(rounds).fill(0)
  const acquired: number[] = Array(rounds).fill(0)
  const counts: number[] = []
  const ends = await Promise.all(['a', 'b', 'c'].map(async (name) => {
    const { exited, lines } = startChild(t, 'race', url, name, String(rounds))
    let last = ''
    for await (const line of lines) {
      const [what, round] = line.split(' ')
      if (what === 'won') won[Number(round)]! += 1 // In range: the child counts to `rounds`.
      if (what === 'in') acquired[Number(round)]! += 1
      if (what === 'counted') counts.push(Number(round))
      last = line
    }
    await exited
    return last
  }))
  t.strictSame(ends, ['done', 'done', 'done'], 'no process fails when three open and write the same file')
  t.strictSame(won, Array(rounds).fill(1), 'claim: exactly one gets true when three processes call')
  t.strictSame(acquired, Array(rounds).fill(2), 'acquirePlainSlot: exactly two get true when three processes want two slots')
  t.strictSame(counts.sort((a, b) => a - b), Array.from({ length: 3 * rounds }, (_, i) => i + 1), 'count: no two get the same count when three processes count')
})

await t.test('sqlite: a write goes on waiting for the lock when this process was stalled meanwhile', async (t) => {
  let stalledMs = 0
  const file = join(temporaryFolder(t), 'store.db')
  const store = openStore(t, `sqlite:${file}`, { ...systemClock, steady: () => systemClock.steady() + stalledMs })
  const other = new DatabaseSync(file)
  t.teardown(() => { other.close() })

  other.exec('BEGIN IMMEDIATE')
  const writing = store.write('value:1', 'written', hour)
  await waiting(30)
  stalledMs = 10_000
  await waiting(30)
  other.exec('ROLLBACK')
  const alive = setInterval(() => {}, 1000) // the timers of the store keep no process alive
  await writing.finally(() => { clearInterval(alive) })
  t.equal(await store.read('value:1'), 'written')
})

await t.test('sqlite: reads work, and writes wait or get store-unavailable, when another process has locked the file', async (t) => {
  const file = join(temporaryFolder(t), 'store.db')
  const store = openStore(t, `sqlite:${file}`, systemClock)
  await store.write('value:1', 'kept', hour)
  const other = new DatabaseSync(file)
  t.teardown(() => { other.close() })

  other.exec('BEGIN IMMEDIATE')
  t.equal(await store.read('value:1'), 'kept', 'read: works when another process holds the write lock')
  let turns = 0
  // Keeps the process alive as well, which the timers of the store don't.
  const turning = setInterval(() => { turns += 1 }, 10)
  await Promise.all([
    t.rejects(store.write('value:2', 1, hour), { code: 'store-unavailable' }, 'write: store-unavailable when the lock is held for long'),
    t.rejects(store.claim('claim:1', 1, hour), { code: 'store-unavailable' }, 'claim: store-unavailable when the lock is held for long'),
    t.rejects(store.acquirePlainSlot('room', 'a', hour, 1), { code: 'store-unavailable' }, 'acquirePlainSlot: store-unavailable when the lock is held for long'),
    t.rejects(store.count('count:1', hour), { code: 'store-unavailable' }, 'count: store-unavailable when the lock is held for long'),
    t.rejects(store.check(), { code: 'store-unavailable' }, 'check: store-unavailable when the lock is held for long'),
  ])
  t.ok(turns > 10, 'the event loop is not blocked when a call waits for the lock')

  const waiting = store.claim('claim:1', 1, hour)
  setTimeout(() => { other.exec('COMMIT') }, 50)
  t.equal(await waiting, true, 'claim: waits when the lock is released soon')
  clearInterval(turning)
  t.equal(await store.read('value:2'), undefined, 'write: is not carried out later when it was refused')
})

await t.test('sqlite: expired entries, slots and counts no longer count, and are purged in small batches, when their time is up', async (t) => {
  const file = join(temporaryFolder(t), 'store.db')
  const clock = createFakeClock()
  const store = openStore(t, `sqlite:${file}`, clock)
  const db = new DatabaseSync(file)
  t.teardown(() => { db.close() })
  const count = (table: string) => db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n
  const many = 20_000
  const fill = (sql: string, endsAt: number) => { db.prepare(`WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < ?) ${sql}`).run(many, endsAt) }
  fill("INSERT INTO entries SELECT 'ticket:' || n, '{\"value\":1}', ? FROM c", clock.now() + 1_000)
  fill("INSERT INTO places SELECT 'tickets', 'm' || n, ? FROM c", clock.now() + 1_000)
  fill("INSERT INTO counts SELECT 'limit:' || n, 1, ? FROM c", clock.now() + 1_000)
  await store.write('value:1', 'kept', hour)
  await store.write('value:2', 'kept', null)
  await store.count('limit:kept', hour)
  await store.acquirePlainSlot('tickets', 'kept', hour, many + 1)
  t.equal(await store.acquirePlainSlot('tickets', 'late', hour, many), false, 'acquirePlainSlot: is false when 20,000 slots are taken')

  clock.advance(10_000)
  t.equal(count('entries'), many + 2 - purgeBatch, 'purge: removes one small batch when it is time')
  t.equal(count('places'), many + 1 - purgeBatch, 'purge: removes one small batch of slots when it is time')
  t.equal(count('counts'), many + 1 - purgeBatch, 'purge: removes one small batch of counts when it is time')
  t.equal(await store.acquirePlainSlot('tickets', 'late', hour, 2), true, 'acquirePlainSlot: is true when all others have ended and are not purged yet')
  t.equal(await store.acquirePlainSlot('tickets', 'later', hour, 2), false, 'acquirePlainSlot: is false when the limit is reached by slots that have not ended')
  await waitUntil(() => {
    clock.advance(200) // pauses while a checkpoint runs, which doesn't follow this clock
    return count('counts') === 1
  })
  t.equal(count('entries'), 2, 'purge: has removed all expired entries when there was time for all batches')
  t.equal(count('places'), 2, 'purge: has removed all expired slots when there was time for all batches')
  t.equal(count('counts'), 1, 'purge: has removed all expired counts when there was time for all batches')
  t.equal(await store.read('value:1'), 'kept', 'purge: leaves what has not expired')
  t.equal(await store.read('value:2'), 'kept', 'purge: leaves what never expires')
})

await t.test('sqlite: a full group is given a slot without being cleared when thousands of its slots have ended together', async (t) => {
  const file = join(temporaryFolder(t), 'store.db')
  const clock = createFakeClock()
  const store = openStore(t, `sqlite:${file}`, clock)
  const db = new DatabaseSync(file)
  t.teardown(() => { db.close() })
  const many = 5_000
  const fill = (sql: string) => { db.prepare(`WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < ?) ${sql}`).run(many, clock.now() + 1_000) }
  fill("INSERT INTO places SELECT 'plain', 'm' || n, ? FROM c")
  fill("INSERT INTO slots SELECT 'owned', 'm' || n, 'someone', ?, 0 FROM c")
  const left = (table: string): number => db.prepare(`SELECT count(*) AS n FROM ${table} WHERE ends_at <= ?`).get(clock.now())?.n as number
  const acquirePlain = (member: string, limit = many) => store.acquirePlainSlot('plain', member, hour, limit)
  const acquire = (member: string, limit = many) =>
    store.acquireSlot({ group: 'owned', owner: 'else', member }, { ttlMs: hour, limit, ownerLimit: many, isProvisional: false })

  t.equal(await acquirePlain('early'), false)
  t.strictSame(await acquire('early'), { isAcquired: false, evicted: null })
  clock.advance(1_000) // not yet time for the purge
  for (const member of ['one', 'two']) {
    t.equal(await acquirePlain(member), true)
    t.strictSame(await acquire(member), { isAcquired: true, evicted: null })
  }
  t.equal(left('places'), many - 2, 'acquirePlainSlot: removes as many as it needs')
  t.equal(left('slots'), many - 2, 'acquireSlot: removes as many as it needs')
  t.equal(await acquirePlain('three', 3), true, 'acquirePlainSlot: is true when the limit is lower than it was, and not reached')
  t.strictSame(await acquire('three', 3), { isAcquired: true, evicted: null }, 'acquireSlot: likewise')
  t.equal(await acquirePlain('four', 3), false)
  t.strictSame(await acquire('four', 3), { isAcquired: false, evicted: null })
})

await t.test('sqlite: a write that waits for the lock is refused, and not made late, when the store closes meanwhile', async (t) => {
  const file = join(temporaryFolder(t), 'store.db')
  const log = createRecordingLog()
  const store = createStore(`sqlite:${file}`, { clock: systemClock, log })
  await store.write('value:1', 'before', hour)
  const db = new DatabaseSync(file)
  t.teardown(() => { db.close() })
  db.exec('BEGIN IMMEDIATE')
  const late = t.rejects(store.write('value:1', 'late', hour), { code: 'store-unavailable' })
  const closed = store.close()
  db.exec('ROLLBACK')
  await Promise.all([late, closed])
  t.match(db.prepare("SELECT text FROM entries WHERE key = 'value:1'").get(), { text: '{"value":"before"}' })
  t.strictSame(log.lines, [])
})

await t.test('sqlite: the log stays small when very many entries and slots have ended together', async (t) => {
  const file = join(temporaryFolder(t), 'store.db')
  const clock = createFakeClock()
  openStore(t, `sqlite:${file}`, clock)
  const db = new DatabaseSync(file)
  t.teardown(() => { db.close() })
  db.exec('BEGIN')
  const entry = db.prepare('INSERT INTO entries VALUES (?, ?, ?)')
  const slot = db.prepare("INSERT INTO slots VALUES ('tickets', ?, ?, ?, 1)")
  for (let i = 0; i < 20_000; i++) {
    const id = createHash('sha256').update(String(i)).digest('base64url')
    entry.run(`ticket:${id}`, `{"value":"${'x'.repeat(700)}"}`, clock.now() + i % 1_000)
    slot.run(id, `owner ${i % 300}`, clock.now() + i % 1_000)
  }
  db.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE)')
  let largest = 0
  clock.advance(9_999)
  await waitUntil(() => {
    clock.advance(20)
    largest = Math.max(largest, statSync(`${file}-wal`).size)
    return db.prepare('SELECT 1 FROM slots UNION ALL SELECT 1 FROM entries WHERE ends_at > 0').get() === undefined
  })
  t.ok(largest < 40_000_000, `${largest} bytes`)
})

await t.test('sqlite: get, has, delete and clear do as Keyv expects when a plain Keyv is on top', async (t) => {
  const clock = createFakeClock()
  const backend = createSqliteAdapter(':memory:', { clock, log: createRecordingLog() })
  const keyv = new Keyv(backend.storage, { throwOnErrors: true })
  await keyv.set('a', 1)
  await backend.storage.set('b', '{"value":2}', 1_000)
  t.equal(await keyv.get('a'), 1, 'get: works when a plain Keyv is on top')
  t.equal(await keyv.has('a'), true, 'has: is true when the entry is there')
  t.equal(await keyv.has('none'), false, 'has: is false when it never was there')
  t.equal(await backend.storage.has?.('b'), true, 'has: is true when the time is not up')
  clock.advance(1_000)
  t.equal(await backend.storage.has?.('b'), false, 'has: is false when the time is up')
  t.equal(await keyv.delete('a'), true, 'delete: is true when the entry was there')
  t.equal(await keyv.delete('a'), false, 'delete: is false when it was deleted before')
  await keyv.set('c', 1)
  await keyv.clear()
  t.equal(await keyv.has('c'), false, 'clear: leaves nothing')
  await backend.close()
})

await t.test('sqlite: a warning is logged, and the next purge works, when a purge fails', async (t) => {
  const file = join(temporaryFolder(t), 'store.db')
  const clock = createFakeClock()
  const log = createRecordingLog()
  const store = openStore(t, `sqlite:${file}`, clock, log)
  const other = new DatabaseSync(file)
  t.teardown(() => { other.close() })
  await store.write('value:1', 1, 1_000)

  other.exec('BEGIN IMMEDIATE')
  clock.advance(10_000)
  other.exec('COMMIT')
  t.strictSame(log.lines, [], 'log: nothing when another process only held the lock')
  other.exec('ALTER TABLE entries RENAME TO elsewhere')
  clock.advance(10_000)
  t.match(log.lines, [/^warn: Expired entries could not be removed from the store; trying again\./], 'log: a warning when the purge fails')
  for (let purge = 0; purge < 30; purge++) clock.advance(10_000)
  t.strictSame(log.codes, ['purge-failed'], 'log: one an hour when the fault lasts')
  await t.rejects(store.read('value:1'), { code: 'store-unavailable' }, 'read: store-unavailable when the table is gone')
  other.exec('ALTER TABLE elsewhere RENAME TO entries')
  clock.advance(10_000)
  t.equal(other.prepare('SELECT count(*) AS n FROM entries').get()?.n, 0, 'purge: works again when the fault is over')
})

await t.test('sqlite: reads get store-unavailable when the entry is damaged', async (t) => {
  const file = join(temporaryFolder(t), 'store.db')
  const store = openStore(t, `sqlite:${file}`, createFakeClock())
  const db = new DatabaseSync(file)
  t.teardown(() => { db.close() })
  for (const text of ['', '{', 'null', '5', '[]', '{"values":1}']) {
    await store.write('value:1', { version: 1 }, hour)
    db.prepare('UPDATE entries SET text = ?').run(text)
    await t.rejects(store.read('value:1'), { code: 'store-unavailable' }, `read: store-unavailable when the text is ${text || 'empty'}`)
    t.equal(await store.claim('value:1', 1, hour), false, `claim: is false when the text is ${text || 'empty'}`)
  }
  db.prepare('UPDATE entries SET text = ?').run('{"value":{"version":1')
  await t.rejects(store.replace('value:1', 1, { version: 2 }, hour), { code: 'store-unavailable' }, 'replace: store-unavailable when the text is truncated')
})

await t.test('sqlite: the file is its owner\'s alone when the store makes it, and refused when it is no database', async (t) => {
  const folder = join(temporaryFolder(t), 'a', 'b')
  const file = join(folder, 'store.db')
  const store = createStore(`sqlite:${file}`, { clock: systemClock, log: createRecordingLog() })
  await store.write('value:1', 'kept', null)
  const mode = (path: string) => (statSync(path).mode & 0o777).toString(8)
  t.equal(mode(folder), '700', 'folder: only the owner has access when the store made it')
  t.equal(mode(file), '600', 'file: only the owner has access when the store made it')
  t.equal(mode(`${file}-wal`), '600', 'write-ahead log: only the owner has access when the store made it')
  await store.close()
  t.equal(await openStore(t, `sqlite:${file}`, systemClock).read('value:1'), 'kept', 'read: gives what was written when the file is opened again')

  const text = join(folder, 'text')
  writeFileSync(text, 'This is a text of more than a hundred characters, which no database ever began with, and so it has to be left as it is.')
  const before = readFileSync(text)
  const open = (path: string) => () => createStore(`sqlite:${path}`, { clock: systemClock, log: createRecordingLog() })
  t.throws(open(text), { message: /^STORE_URL sqlite:.+ can't be opened: [^\n]+$/, cause: { code: 'ERR_SQLITE_ERROR' } }, 'createStore: throws when the file is no database')
  t.strictSame(readFileSync(text), before, 'createStore: does not change the file when it is no database')
  t.throws(open(join(text, 'store.db')), { cause: { code: /^(ENOTDIR|EEXIST)$/ } }, 'createStore: throws when the folder is a file')
  mkdirSync(join(folder, 'c'))
  t.throws(open(join(folder, 'c')), { cause: { code: 'EISDIR' } }, 'createStore: throws when the file is a folder')
})

await t.test('createStore: it throws one line, without a password, when the URL is invalid', async (t) => {
  const open = (url: string) => () => createStore(url, { clock: systemClock, log: createRecordingLog() })
  const known = 'STORE_URL is none of sqlite:<file>, sqlite::memory:, redis://<host>, rediss://<host>, redis+sentinel://<hosts>/<name>, redis+cluster://<hosts>'
  for (const url of ['', 'sqlite:', 'sqlite', 'sqlite://data/store.db', 'sqlite:///data/store.db', 'SQLITE:x', 'data/store.db', 'http://localhost', 'mysql://localhost']) {
    t.throws(open(url), { message: known }, `createStore: throws one line when the URL is ${url || 'empty'}`)
  }
  for (const url of ['redis://:secret@host/name', 'redis://:secret@host:port/0', 'rediss://:secret@ho st/0', 'redis:', 'redis://', 'redis:localhost', 'redis:///0',
    'redis+other://h', 'redis://:secret%@host', 'redis://host?secret=1', 'redis+tls://h']) {
    t.throws(open(url), { message: 'STORE_URL is not a Redis URL such as redis://user:password@host:6379/0' },
      `createStore: throws one line without the password when the URL is ${url}`)
  }
})

await t.test('onChange: listeners get null within a second when a command has announced its changes, and nothing otherwise', async (t) => {
  const clock = createFakeClock()
  const url = `sqlite:${join(temporaryFolder(t), 'store.db')}`
  const [here, there] = [openStore(t, url, clock), openStore(t, url, clock)]
  const heard: Array<string | null> = []
  await there.write('changed-by-command', 'one', hour)
  const unsubscribe = here.onChange((key) => { heard.push(key) })
  const others: unknown[] = []
  here.onChange((key) => { others.push(key) })
  clock.advance(5_000)
  t.strictSame(heard, [], 'what came before')
  await here.write('a', 2, hour)
  await here.read('a')
  await there.write('a', 3, hour)
  clock.advance(3_000)
  t.strictSame(heard, [], 'writes that nobody announces, such as those of a checkpoint')
  await there.write('changed-by-command', 'two', hour)
  await there.write('changed-by-command', 'three', hour)
  clock.advance(999)
  t.ok(heard.length <= 1)
  clock.advance(1)
  t.strictSame(heard, [null], 'once for all of them')
  clock.advance(5_000)
  t.strictSame([heard, others], [[null], [null]])
  unsubscribe()
  await there.write('changed-by-command', 'four', hour)
  clock.advance(1_000)
  t.strictSame([heard.length, others.length], [1, 2])
  await there.remove('changed-by-command')
  clock.advance(2_000)
  t.equal(others.length, 2, 'the announcement ends')
})

await t.test('sqlite: nothing of what was removed is in the file when the store has closed', async (t) => {
  const file = join(temporaryFolder(t), 'store.db')
  const open = () => createStore(`sqlite:${file}`, { clock: createFakeClock(), log: createRecordingLog() })
  const store = open()
  const keys = Array.from({ length: 500 }, (_, n) => `person:${createHash('sha256').update(`${n}`).digest('base64url')}`)
  await Promise.all(keys.map((key) => store.write(key, { name: `trace of ${key}`, more: 'x'.repeat(300) }, null)))
  await store.close()
  t.ok(keys.every((key) => readFileSync(file).includes(key)))
  const again = open()
  await Promise.all(keys.flatMap((key) => [again.remove(key), again.addToList('people', key)]))
  await Promise.all(keys.map((key) => again.removeFromList('people', key)))
  await again.close()
  const bytes = readFileSync(file)
  t.equal(keys.filter((key) => bytes.includes(key)).length, 0)
})
