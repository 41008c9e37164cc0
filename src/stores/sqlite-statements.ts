/** Each statement is atomic by itself. */
import type { DatabaseSync } from 'node:sqlite'
import type { ListRange } from '../login/store-port.ts'

/**
 * `ends_at` is in milliseconds since 1970; null is never. `taken` counts the rows of a group, ended ones included: a ticket is refused without counting
 * 100,000 rows. Plain slots have the names of an earlier release: they are the rows of `places`, and their groups are `rooms`.
 */
export const schema = `
  CREATE TABLE IF NOT EXISTS entries (key TEXT PRIMARY KEY, text TEXT NOT NULL, ends_at INTEGER) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS entries_by_end ON entries (ends_at) WHERE ends_at IS NOT NULL;

  CREATE TABLE IF NOT EXISTS places (
    room TEXT NOT NULL, member TEXT NOT NULL, ends_at INTEGER NOT NULL, PRIMARY KEY (room, member)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS places_by_end ON places (ends_at);

  CREATE TABLE IF NOT EXISTS rooms (room TEXT PRIMARY KEY, taken INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TRIGGER IF NOT EXISTS place_taken AFTER INSERT ON places BEGIN
    INSERT INTO rooms VALUES (new.room, 1) ON CONFLICT (room) DO UPDATE SET taken = taken + 1;
  END;
  CREATE TRIGGER IF NOT EXISTS place_left AFTER DELETE ON places BEGIN
    UPDATE rooms SET taken = taken - 1 WHERE room = old.room;
  END;

  CREATE TABLE IF NOT EXISTS slots (
    slot_group TEXT NOT NULL, member TEXT NOT NULL, owner TEXT NOT NULL, ends_at INTEGER NOT NULL, is_provisional INTEGER NOT NULL,
    PRIMARY KEY (slot_group, member)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS slots_by_end ON slots (ends_at);
  CREATE INDEX IF NOT EXISTS slots_by_owner ON slots (slot_group, owner, ends_at);
  CREATE INDEX IF NOT EXISTS provisional_slots ON slots (slot_group, ends_at) WHERE is_provisional = 1;
  CREATE INDEX IF NOT EXISTS provisional_slots_by_owner ON slots (slot_group, owner, ends_at) WHERE is_provisional = 1;

  CREATE TABLE IF NOT EXISTS slot_groups (slot_group TEXT PRIMARY KEY, taken INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TRIGGER IF NOT EXISTS slot_taken AFTER INSERT ON slots BEGIN
    INSERT INTO slot_groups VALUES (new.slot_group, 1) ON CONFLICT (slot_group) DO UPDATE SET taken = taken + 1;
  END;
  CREATE TRIGGER IF NOT EXISTS slot_left AFTER DELETE ON slots BEGIN
    UPDATE slot_groups SET taken = taken - 1 WHERE slot_group = old.slot_group;
  END;

  CREATE TABLE IF NOT EXISTS counts (key TEXT PRIMARY KEY, count INTEGER NOT NULL, ends_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS counts_by_end ON counts (ends_at);

  CREATE TABLE IF NOT EXISTS listed (list TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (list, text)) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS lists (list TEXT PRIMARY KEY, length INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TRIGGER IF NOT EXISTS text_listed AFTER INSERT ON listed BEGIN
    INSERT INTO lists VALUES (new.list, 1) ON CONFLICT (list) DO UPDATE SET length = length + 1;
  END;
  CREATE TRIGGER IF NOT EXISTS text_unlisted AFTER DELETE ON listed BEGIN
    UPDATE lists SET length = length - 1 WHERE list = old.list;
  END;
`

/** `endsAt`: milliseconds since 1970. */
interface CountRow { readonly count: number, readonly endsAt: number }

/** Prepares the statements. Parameters without names are passed in the order of the question marks. */
export const statements = (db: DatabaseSync) => {
  const read = db.prepare('SELECT text FROM entries WHERE key = ? AND (ends_at IS NULL OR ends_at > ?)')
  const plainSlotsTaken = db.prepare('SELECT taken FROM rooms WHERE room = ?')
  const purgeEntries = db.prepare('DELETE FROM entries WHERE key IN (SELECT key FROM entries WHERE ends_at <= ? LIMIT ?)')
  const purgePlainSlots = db.prepare(`DELETE FROM places WHERE (room, member) IN
    (SELECT room, member FROM places WHERE ends_at <= ? LIMIT ?)`)
  // By its end, as this runs for every ticket while the group is full: the other index would walk through the whole group.
  const clearPlainSlots = db.prepare(`DELETE FROM places WHERE (room, member) IN
    (SELECT room, member FROM places INDEXED BY places_by_end WHERE room = ? AND ends_at <= ? LIMIT ?)`)
  const clearSlots = db.prepare(`DELETE FROM slots WHERE (slot_group, member) IN
    (SELECT slot_group, member FROM slots INDEXED BY slots_by_end WHERE slot_group = ? AND ends_at <= ? LIMIT ?)`)
  const slotsTaken = db.prepare('SELECT taken FROM slot_groups WHERE slot_group = ?')
  const slotsOwned = db.prepare('SELECT count(*) AS taken FROM slots INDEXED BY slots_by_owner WHERE slot_group = ? AND owner = ? AND ends_at > ?')
  const oldestProvisional = db.prepare(`SELECT member FROM slots INDEXED BY provisional_slots
    WHERE slot_group = ? AND is_provisional = 1 AND ends_at > ? ORDER BY ends_at LIMIT 1`)
  const oldestProvisionalOf = db.prepare(`SELECT member FROM slots INDEXED BY provisional_slots_by_owner
    WHERE slot_group = ? AND owner = ? AND is_provisional = 1 AND ends_at > ? ORDER BY ends_at LIMIT 1`)
  const purgeSlots = db.prepare(`DELETE FROM slots WHERE (slot_group, member) IN
    (SELECT slot_group, member FROM slots WHERE ends_at <= ? LIMIT ?)`)
  const purgeCounts = db.prepare('DELETE FROM counts WHERE key IN (SELECT key FROM counts WHERE ends_at <= ? LIMIT ?)')
  const count = db.prepare(`INSERT INTO counts VALUES (?, 1, ?)
    ON CONFLICT (key) DO UPDATE SET
      count = CASE WHEN ends_at > ? THEN count + 1 ELSE 1 END,
      ends_at = CASE WHEN ends_at > ? THEN ends_at ELSE excluded.ends_at END
    RETURNING count, ends_at AS endsAt`)
  const countOf = db.prepare('SELECT count, ends_at AS endsAt FROM counts WHERE key = ? AND ends_at > ?')
  const readList = db.prepare(`SELECT text FROM listed
    WHERE list = ? AND text >= max(?, ?) AND text < ? AND text <> ? ORDER BY text LIMIT ?`) // `max` compares as the column does
  const lengthOfList = db.prepare('SELECT length FROM lists WHERE list = ?')

  return {
    // The tables are STRICT, so the casts hold.
    read: (key: string, now: number) => read.get(key, now)?.text as string | undefined,
    plainSlotsTaken: (group: string) => (plainSlotsTaken.get(group)?.taken ?? 0) as number,

    write: db.prepare(`INSERT INTO entries VALUES (?, ?, ?)
      ON CONFLICT (key) DO UPDATE SET text = excluded.text, ends_at = excluded.ends_at`),
    claim: db.prepare(`INSERT INTO entries VALUES (?, ?, ?)
      ON CONFLICT (key) DO UPDATE SET text = excluded.text, ends_at = excluded.ends_at WHERE ends_at <= ?`),
    replace: db.prepare(`UPDATE entries SET text = ?, ends_at = ?
      WHERE key = ? AND (ends_at IS NULL OR ends_at > ?) AND json_extract(text, '$.value.version') = ?`),
    remove: db.prepare('DELETE FROM entries WHERE key = ? AND (ends_at IS NULL OR ends_at > ?)'),

    removeClaim: db.prepare('DELETE FROM entries WHERE key = ? AND text = ? AND (ends_at IS NULL OR ends_at > ?)'),

    findPlainSlot: db.prepare('SELECT 1 FROM places WHERE room = ? AND member = ? AND ends_at > ?'),
    putPlainSlot: db.prepare(`INSERT INTO places VALUES (?, ?, ?)
      ON CONFLICT (room, member) DO UPDATE SET ends_at = excluded.ends_at`),
    deletePlainSlot: db.prepare('DELETE FROM places WHERE room = ? AND member = ?'),
    clearPlainSlots: (group: string, now: number, most: number) => Number(clearPlainSlots.run(group, now, most).changes),

    findSlot: db.prepare('SELECT 1 FROM slots WHERE slot_group = ? AND member = ? AND ends_at > ?'),
    slotsTaken: (group: string) => (slotsTaken.get(group)?.taken ?? 0) as number,
    slotsOwned: (group: string, owner: string, now: number) => slotsOwned.get(group, owner, now)?.taken as number,
    oldestProvisional: (group: string, now: number) => oldestProvisional.get(group, now)?.member as string | undefined,
    oldestProvisionalOf: (group: string, owner: string, now: number) => oldestProvisionalOf.get(group, owner, now)?.member as string | undefined,
    putSlot: db.prepare(`INSERT INTO slots VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (slot_group, member) DO UPDATE SET ends_at = excluded.ends_at, is_provisional = min(is_provisional, excluded.is_provisional)`),
    secureSlot: db.prepare('UPDATE slots SET is_provisional = 0 WHERE slot_group = ? AND member = ? AND is_provisional = 1'),
    deleteSlot: db.prepare('DELETE FROM slots WHERE slot_group = ? AND member = ?'),
    clearSlots: (group: string, now: number, most: number) => Number(clearSlots.run(group, now, most).changes),

    // `all`, though there is one row: SQLite commits after the last row, and a caller that stops before it gets no error of the commit.
    count: (key: string, now: number, endsAt: number) => count.all(key, endsAt, now, now)[0] as unknown as CountRow,
    countOf: (key: string, now: number) => countOf.get(key, now) as CountRow | undefined,

    addToList: db.prepare('INSERT INTO listed VALUES (?, ?) ON CONFLICT DO NOTHING'),
    removeFromList: db.prepare('DELETE FROM listed WHERE list = ? AND text = ?'),
    readList: (list: string, { prefix, after, limit }: ListRange) =>
      readList.all(list, prefix, after ?? '', `${prefix}\u{10ffff}`, after ?? '', limit).map(({ text }) => text as string),
    lengthOfList: (list: string) => (lengthOfList.get(list)?.length ?? 0) as number,

    purgeEntries: (now: number, limit: number) => Number(purgeEntries.run(now, limit).changes),
    purgePlainSlots: (now: number, limit: number) => Number(purgePlainSlots.run(now, limit).changes),
    purgeSlots: (now: number, limit: number) => Number(purgeSlots.run(now, limit).changes),
    purgeCounts: (now: number, limit: number) => Number(purgeCounts.run(now, limit).changes),
  }
}
