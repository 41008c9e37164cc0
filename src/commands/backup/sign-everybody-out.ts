/** Ends every login in a store that no service works on yet. */
import { DatabaseSync } from 'node:sqlite'
import { createEndedSessions } from '../../sessions/ended-sessions.ts'
import { schema } from '../../stores/sqlite-statements.ts'

/**
 * What stays of the entries: people with what is kept of them, how often they were wrong, whose store it is, and which sites know a session, so that these are told of
 * its end. All else goes, as it may let somebody in: sessions, phone keys, tickets, codes and tokens of apps, and whatever a later release adds.
 */
const kept = ['person:*', 'person-name:*', 'person-wechat-ids:*', 'match-*', 'mark:*', 'oidc:session:*']

/** Resolves with the number of logins that have ended. */
export const signEverybodyOut = async (path: string, { sealingKey, now }: { readonly sealingKey: Buffer, readonly now: number }): Promise<number> => {
  const db = new DatabaseSync(path)
  try {
    db.exec(`PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; BEGIN IMMEDIATE; ${schema}`)
    const list = db.prepare('INSERT OR IGNORE INTO listed VALUES (?, ?)')
    const queue = createEndedSessions({
      addToList: async (name, text) => { list.run(name, text) },
      readList: async () => [],
      removeFromList: async () => false,
    }, { clock: { now: () => now }, sealingKey })
    const live = db.prepare("SELECT json_extract(text, '$.value.id') AS id, json_extract(text, '$.value.sub') AS sub, json_extract(text, '$.value.hasSites') AS has_sites FROM entries WHERE key GLOB 'session:*' AND ends_at > ? AND json_extract(text, '$.value.endedAt') IS NULL").all(now)
    for (const { id, sub, has_sites: hasSites } of live) if (hasSites === 1) await queue.add({ sub: String(sub), sessionId: String(id) })
    db.exec(`DELETE FROM entries WHERE ${kept.map((pattern) => `key NOT GLOB '${pattern}'`).join(' AND ')}; COMMIT`)
    return live.length
  } finally {
    db.close()
  }
}
