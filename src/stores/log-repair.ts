/**
 * The repair of a write-ahead log after a flush that failed. The operating system then takes what it could not write for written, and may drop it from memory:
 * flushing again proves nothing. So the log is read back, held against its checksums, written again and flushed.
 */
import { randomUUID } from 'node:crypto'
import { open } from 'node:fs/promises'
import { endianness } from 'node:os'
import type { DatabaseSync } from 'node:sqlite'

const logHeaderBytes = 32
const frameHeaderBytes = 24

/** Throws an Error where the log can't be repaired now. `mark` stores a text in the database. Nothing else may write meanwhile in this process; others are kept from it. */
export const repairLog = async (db: DatabaseSync, path: string, mark: (text: string) => void): Promise<void> => {
  const marker = randomUUID()
  mark(marker)
  db.exec('BEGIN IMMEDIATE')
  try {
    const file = await open(path, 'r+')
    try {
      const log = await file.readFile()
      const whole = log.subarray(0, validBytes(log))
      // SQLite has chained it to the frames before it, as it remembers them: it is within the valid part only where those can be read as they were written.
      if (!whole.includes(marker)) throw new Error('The write-ahead log can\'t be read as it was written')
      for (let from = 0; from < whole.length;) from += (await file.write(whole, from, whole.length - from, from)).bytesWritten
      await file.datasync()
    } finally {
      await file.close()
    }
  } finally {
    db.exec('ROLLBACK')
  }
}

/** Returns the length of the part of a log that SQLite would recover: frames with the header's salts and the right checksums, up to the last commit (sqlite.org/fileformat2.html#walformat). */
export const validBytes = (log: Buffer): number => {
  if (log.length < logHeaderBytes) return 0
  const isBigEndian = (log.readUInt32BE(0) & 1) === 1
  const wordsOf = (from: number, to: number): Uint32Array => {
    const bytes = Buffer.from(log.subarray(from, to)) // a copy: words have to be aligned
    if (isBigEndian !== (endianness() === 'BE')) bytes.swap32()
    return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
  }
  const frameBytes = frameHeaderBytes + log.readUInt32BE(8)
  let sums = checksum([0, 0], wordsOf(0, 24))
  let valid = 0
  if (!areSums(log, 24, sums)) return valid
  for (let at = logHeaderBytes; at + frameBytes <= log.length; at += frameBytes) {
    if (log.compare(log, 16, 24, at + 8, at + 16) !== 0) break // another salt: a frame of the round before
    sums = checksum(checksum(sums, wordsOf(at, at + 8)), wordsOf(at + frameHeaderBytes, at + frameBytes))
    if (!areSums(log, at + 16, sums)) break
    if (log.readUInt32BE(at + 4) !== 0) valid = at + frameBytes
  }
  return valid
}

type Sums = readonly [number, number]

const checksum = ([first, second]: Sums, words: Uint32Array): Sums => {
  let [a, b] = [first, second]
  for (let i = 0; i < words.length; i += 2) {
    a = (a + (words[i] as number) + b) >>> 0 // there is an even number of words
    b = (b + (words[i + 1] as number) + a) >>> 0
  }
  return [a, b]
}

const areSums = (log: Buffer, at: number, [first, second]: Sums): boolean => log.readUInt32BE(at) === first && log.readUInt32BE(at + 4) === second
