/** Everything that a store holds, as text. Reads the database itself, so nothing that our code can't find is left out. */
import { DatabaseSync } from 'node:sqlite'
import { createClient } from '@keyv/redis'

/** Returns a line for every row of every table, those that are still in the write-ahead log too. */
export const dumpSqlite = (file: string): string => {
  const db = new DatabaseSync(file, { readOnly: true })
  try {
    const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all().map(({ name }) => String(name))
    return tables.flatMap((table) => db.prepare(`SELECT * FROM ${table}`).all().map((row) => `${table} ${JSON.stringify(row)}`)).join('\n')
  } finally {
    db.close()
  }
}

/** Returns a line for every key with a text, and for every member of a sorted set. Throws where a key is of another type. */
export const dumpRedis = async (url: string): Promise<string> => {
  const client = createClient({ url })
  await client.connect()
  try {
    const lines: string[] = []
    for await (const keys of client.scanIterator({ COUNT: 1000 })) {
      for (const key of keys) {
        const type = await client.type(key)
        if (type === 'zset') lines.push(...(await client.zRange(key, 0, -1)).map((member) => `${key} ${member}`))
        else if (type === 'string') lines.push(`${key} ${await client.get(key)}`)
        else if (type !== 'none') throw new Error(`the dump knows no ${type}`)
      }
    }
    return lines.join('\n')
  } finally {
    client.destroy()
  }
}

/** Returns the lines of a dump that contain one of these words, whatever their case. */
export const linesWith = (dump: string, words: readonly string[]): string[] => {
  const lower = words.map((word) => word.toLowerCase())
  return dump.split('\n').filter((line) => lower.some((word) => line.toLowerCase().includes(word)))
}
