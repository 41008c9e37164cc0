/** The contract of `Store`, for every database. */
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { Store } from '../../src/login/store-port.ts'
import { onEveryStore } from './store-harness.ts'

const hour = 3_600_000
const rounds = 200
const callers = 12

/** Makes the same call at the same time from many callers, spread over all stores, and counts those that get true. */
const winners = async (stores: readonly Store[], call: (store: Store, caller: number) => Promise<boolean>): Promise<number> => {
  const spread = Array.from({ length: callers }, (_, caller) => stores[caller % stores.length]!) // in range by the remainder
  return (await Promise.all(spread.map(call))).filter(Boolean).length
}

await onEveryStore(t, 'read and write', async (t, { stores, shortMs, passShort }) => {
  const [store] = stores

  for (const value of [{ a: { b: [1, 'two', null, true] } }, [], '', ':a', ':base64:AAAA', '微信 \u0000 "', 0, -1.5, false, null, { expires: 1 }]) {
    await store.write('value:1', value, hour)
    t.strictSame(await stores.at(-1)?.read('value:1'), value, `a value is read as it was written when it is ${JSON.stringify(value)}`)
  }
  t.equal(await store.read('value:none'), undefined, 'read: is undefined when nothing was written')

  await store.write('value:1', 'first', hour)
  await store.write('value:1', 'second', hour)
  t.equal(await store.read('value:1'), 'second', 'write: the last one stays when the key is there already')

  await store.write('value:A', 'upper', hour)
  await store.write('value:a', 'lower', hour)
  t.equal(await store.read('value:A'), 'upper', 'read: keys are distinct when they differ in case only')

  await store.write('value:short', 1, shortMs)
  await store.write('value:lengthened', 1, shortMs)
  await store.write('value:lengthened', 2, hour)
  await store.write('value:shortened', 1, hour)
  await store.write('value:shortened', 2, shortMs)
  await store.write('value:ever', 1, null)
  await store.write('value:fraction', 1, 0.2)
  await passShort()
  t.equal(await store.read('value:short'), undefined, 'read: is undefined when the time is up')
  t.equal(await store.read('value:lengthened'), 2, 'write: the later end counts when it was written last')
  t.equal(await store.read('value:shortened'), undefined, 'write: the earlier end counts when it was written last')
  t.equal(await store.read('value:ever'), 1, 'write: the value stays when the time to live is null')
  t.equal(await store.read('value:fraction'), undefined, 'write: the time to live is rounded up when it is below a millisecond')
})

await onEveryStore(t, 'remove', async (t, { stores, shortMs, passShort }) => {
  const [store] = stores
  await store.write('value:1', 1, hour)
  t.equal(await store.remove('value:1'), true, 'remove: is true when the entry was there')
  t.equal(await store.read('value:1'), undefined, 'read: is undefined when the entry was removed')
  t.equal(await store.remove('value:1'), false, 'remove: is false when it was removed before')
  t.equal(await store.remove('value:none'), false, 'remove: is false when it never was there')
  await store.write('value:2', 1, shortMs)
  await passShort()
  t.equal(await store.remove('value:2'), false, 'remove: is false when the time is up')

  const counts = []
  for (let round = 0; round < rounds; round++) {
    await store.write(`race:${round}`, 1, hour)
    counts.push(await winners(stores, (store) => store.remove(`race:${round}`)))
  }
  t.strictSame(counts, Array(rounds).fill(1), 'remove: exactly one caller gets true when many call at once')
})

await onEveryStore(t, 'claim', async (t, { stores, shortMs, passShort }) => {
  const [store] = stores
  t.equal(await store.claim('claim:1', { by: 'a' }, hour), true, 'claim: is true when there is no entry')
  t.equal(await store.claim('claim:1', { by: 'b' }, hour), false, 'claim: is false when another caller has claimed it')
  t.strictSame(await store.read('claim:1'), { by: 'a' }, 'claim: the first value stays when another caller tries')
  await store.write('claim:ever', 1, null)
  t.equal(await store.claim('claim:ever', 2, hour), false, 'claim: is false when the entry never ends')
  t.equal(await store.remove('claim:1'), true)
  t.equal(await store.claim('claim:1', { by: 'c' }, shortMs), true, 'claim: is true when it was removed')
  await passShort()
  t.equal(await store.claim('claim:1', { by: 'd' }, hour), true, 'claim: is true when the time of the first is up')
  t.strictSame(await store.read('claim:1'), { by: 'd' }, 'claim: the new value is there when the old one had ended')

  const counts = []
  for (let round = 0; round < rounds; round++) counts.push(await winners(stores, (store, caller) => store.claim(`race:${round}`, caller, hour)))
  t.strictSame(counts, Array(rounds).fill(1), 'claim: exactly one caller gets true when many call at once')
})

await onEveryStore(t, 'claimAndRead', async (t, { stores, shortMs, passShort }) => {
  const [store] = stores
  await store.write('value:1', { by: '微信' }, hour)
  t.strictSame(await store.claimAndRead('claim:1', 'a', hour, ['value:1', 'none', 'claim:1']), [{ by: '微信' }, undefined, 'a'], 'claimAndRead: the values are read after the claim')
  t.equal(await store.claimAndRead('claim:1', 'b', hour, ['value:1']), undefined, 'claimAndRead: is undefined when another caller has claimed it')
  t.equal(await store.read('claim:1'), 'a')
  t.strictSame(await store.claimAndRead('claim:2', 'a', shortMs, ['value:1']), [{ by: '微信' }])
  await passShort()
  t.strictSame(await store.claimAndRead('claim:2', 'b', hour, ['claim:2']), ['b'], 'claimAndRead: claims when the time of the first is up')

  // Each holds the claim like a lock, and adds one to what it has read: where a read came before its claim, two would read the same.
  await store.write('sum', 0, hour)
  const addOne = async (store: Store): Promise<void> => {
    const found = await store.claimAndRead<number>('lock', 1, hour, ['sum'])
    if (found === undefined) {
      await sleep(1)
      return await addOne(store)
    }
    await store.write('sum', (found[0] ?? 0) + 1, hour)
    await store.removeClaim('lock', 1)
  }
  await Promise.all(Array.from({ length: 40 }, (_, n) => addOne(stores[n % stores.length] ?? store)))
  t.equal(await store.read('sum'), 40, 'claimAndRead: nothing is read that was changed before the claim')
})

await onEveryStore(t, 'removeClaim', async (t, { stores, shortMs, passShort }) => {
  const [store] = stores
  const last = stores.at(-1)! // there is at least one
  await store.claim('claim:1', 'mine', hour)
  for (const other of ['theirs', 'min', 'mine ', '', null, 1, ['mine'], { value: 'mine' }]) {
    t.equal(await last.removeClaim('claim:1', other), false, `removeClaim: is false when the claim is not ${JSON.stringify(other)}`)
  }
  t.equal(await store.claim('claim:1', 'theirs', hour), false, 'claim: is false when another caller tried to remove it')
  t.equal(await last.removeClaim('claim:1', 'mine'), true, 'removeClaim: is true when it is the same value')
  t.equal(await store.removeClaim('claim:1', 'mine'), false, 'removeClaim: is false when it was removed before')
  t.equal(await store.claim('claim:1', 'theirs', hour), true, 'claim: is true when it was removed')
  t.equal(await store.removeClaim('claim:1', 'mine'), false, 'removeClaim: is false when another caller has claimed it since then')
  t.equal(await store.read('claim:1'), 'theirs')
  t.equal(await store.removeClaim('claim:none', 'mine'), false, 'removeClaim: is false when it never was there')
  await store.claim('claim:2', { by: '微信' }, shortMs)
  await store.claim('claim:3', { by: '微信' }, hour)
  await passShort()
  t.equal(await store.removeClaim('claim:2', { by: '微信' }), false, 'removeClaim: is false when the time is up')
  t.equal(await store.removeClaim('claim:3', { by: '微信' }), true)

  const counts = []
  for (let round = 0; round < rounds; round++) {
    await store.claim(`race:${round}`, round, hour)
    counts.push(await winners(stores, (store) => store.removeClaim(`race:${round}`, round)))
  }
  t.strictSame(counts, Array(rounds).fill(1), 'removeClaim: exactly one caller gets true when many call at once')
})

await onEveryStore(t, 'replace', async (t, { stores, shortMs, passShort }) => {
  const [store] = stores
  await store.write('record:1', { version: 1, by: 'a' }, hour)
  t.equal(await store.replace('record:1', 2, { version: 3 }, hour), false, 'replace: is false when the version is another')
  t.equal(await store.replace('record:none', 1, { version: 2 }, hour), false, 'replace: is false when there is no entry')
  t.equal(await store.read('record:none'), undefined, 'replace: makes no entry when there is none')
  const next = { version: 2, by: 'b', more: { deep: ['微', null] } }
  t.equal(await store.replace('record:1', 1, next, hour), true, 'replace: is true when the version is right')
  t.strictSame(await store.read('record:1'), next, 'replace: the new value is read when it was replaced')
  t.equal(await store.replace('record:1', 1, { version: 2 }, hour), false, 'replace: is false when it was replaced before')

  for (const value of [{ version: '1' }, { other: 1 }, { deep: { version: 1 } }, 'text', 1, null, [1]]) {
    await store.write('record:2', value, hour)
    t.equal(await store.replace('record:2', 1, { version: 2 }, hour), false, `replace: is false when the value is ${JSON.stringify(value)}`)
  }

  await store.write('record:3', { version: 1 }, shortMs)
  await store.write('record:4', { version: 1 }, shortMs)
  await store.write('record:5', { version: 1 }, null)
  await store.replace('record:4', 1, { version: 2 }, hour)
  await store.replace('record:5', 1, { version: 2 }, shortMs)
  await passShort()
  t.equal(await store.replace('record:3', 1, { version: 2 }, hour), false, 'replace: is false when the time is up')
  t.strictSame(await store.read('record:4'), { version: 2 }, 'replace: the new end counts when it is later')
  t.equal(await store.read('record:5'), undefined, 'replace: the new end counts when there was none')

  const counts = []
  await store.write('record:race', { version: 1 }, hour)
  for (let version = 1; version <= rounds; version++) {
    counts.push(await winners(stores, (store, caller) => store.replace('record:race', version, { version: version + 1, ...{ caller } }, hour)))
  }
  t.strictSame(counts, Array(rounds).fill(1), 'replace: exactly one caller gets true when many start from the same version')
})

await onEveryStore(t, 'acquirePlainSlot and releasePlainSlot', async (t, { stores, shortMs, passShort }) => {
  const [store] = stores
  t.equal(await store.acquirePlainSlot('room', 'a', hour, 2), true, 'acquirePlainSlot: is true when there are free slots')
  t.equal(await store.acquirePlainSlot('room', 'b', hour, 2), true)
  t.equal(await store.acquirePlainSlot('room', 'c', hour, 2), false, 'acquirePlainSlot: is false when all slots are taken')
  t.equal(await store.acquirePlainSlot('room', 'a', hour, 2), true, 'acquirePlainSlot: is true when the member has a slot already')
  t.equal(await store.acquirePlainSlot('hall', 'c', hour, 2), true, 'acquirePlainSlot: is true when only another group is full')
  t.equal(await store.acquirePlainSlot('room', 'c', hour, 3), true, 'acquirePlainSlot: is true when the limit was raised')
  t.equal(await store.acquirePlainSlot('room', 'd', hour, 2), false, 'acquirePlainSlot: is false when more are taken than a lowered limit')
  await store.releasePlainSlot('room', 'a')
  await store.releasePlainSlot('room', 'a')
  await store.releasePlainSlot('room', 'nobody')
  t.equal(await store.acquirePlainSlot('room', 'd', hour, 3), true, 'acquirePlainSlot: is true when a slot was released')
  t.equal(await store.acquirePlainSlot('room', 'e', hour, 3), false, 'releasePlainSlot: releases one slot when it is called twice')

  await store.acquirePlainSlot('short', 'a', shortMs, 2)
  await store.acquirePlainSlot('short', 'b', shortMs, 2)
  await store.acquirePlainSlot('short', 'b', hour, 2)
  await passShort()
  t.equal(await store.acquirePlainSlot('short', 'c', hour, 2), true, 'acquirePlainSlot: is true when the time of a slot is up')
  t.equal(await store.acquirePlainSlot('short', 'a', hour, 2), false, 'acquirePlainSlot: the last end counts when a member acquired a slot twice')
  await store.acquirePlainSlot('again', 'a', shortMs, 1)
  await passShort()
  t.equal(await store.acquirePlainSlot('again', 'a', hour, 1), true, 'acquirePlainSlot: is true when the member\'s own slot has ended')
  t.equal(await store.acquirePlainSlot('again', 'b', hour, 1), false, 'acquirePlainSlot: counts one slot when a member acquires one again')

  await store.acquirePlainSlot('mixed', 'long', hour, 2)
  await store.acquirePlainSlot('mixed', 'short', shortMs, 2)
  await passShort()
  t.equal(await store.acquirePlainSlot('mixed', 'short', hour, 1), false, 'acquirePlainSlot: is false when the member\'s own slot has ended and another one fills the limit')
  t.equal(await store.acquirePlainSlot('mixed', 'third', hour, 1), false, 'acquirePlainSlot: a slot stays when a later one was for a shorter time')

  const counts = []
  for (let round = 0; round < rounds; round++) {
    counts.push(await winners(stores, (store, caller) => store.acquirePlainSlot(`race-${round}`, `member-${caller}`, hour, 5)))
  }
  t.strictSame(counts, Array(rounds).fill(5), 'acquirePlainSlot: exactly as many callers get true as there are slots when many call at once')
})

await onEveryStore(t, 'count', async (t, { stores, shortMs, passShort }) => {
  const [store] = stores
  const last = stores.at(-1)! // there is at least one
  const first = await store.count('count:1', hour)
  t.equal(first.count, 1, 'count: is 1 when it is the first')
  t.ok(first.endsInMs > hour - 60_000 && first.endsInMs <= hour, 'count: the window ends in its length when it has just begun')
  t.equal((await last.count('count:1', hour)).count, 2, 'count: continues when another process counts')
  t.equal((await store.count('count:2', hour)).count, 1, 'count: starts at 1 when the key is another')

  t.ok((await store.count('count:1', 1)).endsInMs > 1, 'count: the first length stays when a later one is shorter')
  t.ok((await store.count('count:1', 2 * hour)).endsInMs <= hour, 'count: the first length stays when a later one is longer')

  await store.count('count:short', shortMs)
  await passShort()
  const next = await store.count('count:short', hour)
  t.ok(next.count === 1 && next.endsInMs > shortMs, 'count: a new window begins when the one before has ended')
  t.equal((await store.count('count:fraction', 0.2)).count, 1, 'count: the length is rounded up when it is below a millisecond')

  await store.write('count:1', 'an entry', hour)
  await store.remove('count:1')
  t.equal((await store.count('count:1', hour)).count, 5, 'count: is unchanged when an entry with the same key is written and removed')
  t.equal(await store.read('count:2'), undefined, 'read: is undefined when the key was only counted')

  const many = Array.from({ length: callers * 50 }, (_, caller) => stores[caller % stores.length]!) // in range by the remainder
  const counts = await Promise.all(many.map(async (store) => (await store.count('count:race', hour)).count))
  t.strictSame(counts.sort((a, b) => a - b), many.map((_, i) => i + 1), 'count: no two callers get the same count when many call at once')
})

await onEveryStore(t, 'bad input', async (t, { stores: [store] }) => {
  for (const ttlMs of [0, -1, -0.5, NaN, Infinity, -Infinity, 1e300, '1000' as unknown as number, undefined as unknown as number]) {
    const name = `a RangeError when the time to live is ${ttlMs}`
    await t.rejects(store.write('value:1', 1, ttlMs), RangeError, `write: ${name}`)
    await t.rejects(store.claim('value:1', 1, ttlMs), RangeError, `claim: ${name}`)
    await t.rejects(store.replace('value:1', 1, { version: 2 }, ttlMs), RangeError, `replace: ${name}`)
    await t.rejects(store.acquirePlainSlot('room', 'a', ttlMs, 1), RangeError, `acquirePlainSlot: ${name}`)
    await t.rejects(store.count('count:1', ttlMs), RangeError, `count: ${name}`)
  }
  const keys = ['', ':', 'a:', ':a', 'a::b', 'a b', 'a\n', 'a*', 'ä', '微', 'a/b', 'a.b', 'x'.repeat(201), ['a'] as unknown as string, 1 as unknown as string]
  for (const key of keys) {
    const name = `a RangeError when the key is ${JSON.stringify(key).slice(0, 20)}`
    await t.rejects(store.read(key), RangeError, `read: ${name}`)
    await t.rejects(store.write(key, 1, hour), RangeError, `write: ${name}`)
    await t.rejects(store.remove(key), RangeError, `remove: ${name}`)
    await t.rejects(store.claim(key, 1, hour), RangeError, `claim: ${name}`)
    await t.rejects(store.replace(key, 1, { version: 2 }, hour), RangeError, `replace: ${name}`)
    await t.rejects(store.acquirePlainSlot(key, 'a', hour, 1), RangeError, `acquirePlainSlot: ${name}, as a group`)
    await t.rejects(store.acquirePlainSlot('room', key, hour, 1), RangeError, `acquirePlainSlot: ${name}, as a member`)
    await t.rejects(store.releasePlainSlot('room', key), RangeError, `releasePlainSlot: ${name}`)
    await t.rejects(store.count(key, hour), RangeError, `count: ${name}`)
    await t.rejects(store.readLimitCounts([key]), RangeError, `readLimitCounts: ${name}`)
    await t.rejects(store.removeClaim(key, 1), RangeError, `removeClaim: ${name}`)
  }
  for (const [before, after] of [[1, 1], [2, 1], [1.5, 2], [NaN, 2], [1, NaN], ['1', 2], [1, undefined]] as Array<[number, number]>) {
    await t.rejects(store.replace('value:1', before, { version: after }, hour), RangeError, `replace: a RangeError when the versions are ${before}, ${after}`)
  }
  for (const limit of [0, -1, 1.5, NaN, Infinity]) {
    await t.rejects(store.acquirePlainSlot('room', 'a', hour, limit), RangeError, `acquirePlainSlot: a RangeError when the limit is ${limit}`)
  }
  for (const value of [undefined, () => 1, Symbol('a')]) {
    await t.rejects(store.write('value:1', value, hour), RangeError, `write: a RangeError when the value is a ${typeof value}`)
    await t.rejects(store.claim('value:1', value, hour), RangeError, `claim: a RangeError when the value is a ${typeof value}`)
    await t.rejects(store.removeClaim('value:1', value), RangeError, `removeClaim: a RangeError when the value is a ${typeof value}`)
  }
  await t.rejects(store.write('value:1', 1n, hour), TypeError, 'write: a TypeError when JSON can not hold the value')
  t.equal(await store.read('value:1'), undefined, 'read: is undefined when everything before was refused')
  t.equal(await store.acquirePlainSlot('room', 'b', hour, 1), true, 'acquirePlainSlot: the slot is free when everything before was refused')
  t.equal((await store.count('count:1', hour)).count, 1, 'count: begins at 1 when everything before was refused')
})

await onEveryStore(t, 'close', async (t, { stores: [store] }) => {
  await store.check()
  await store.close()
  await store.close()
  await t.rejects(store.read('value:1'), { code: 'store-unavailable', retryAfterSeconds: 2 }, 'read: store-unavailable when the store is closed')
  await t.rejects(store.check(), { code: 'store-unavailable' }, 'check: store-unavailable when the store is closed')
})
