/**
 * The repair of a write-ahead log after a flush that failed. The operating system then takes what it could not write for written, and may drop it from memory:
 * flushing again proves nothing. So the log is read back, held against its checksums, written again and flushed.
 */
import { randomUUID } from 'node:crypto'
import { open } from 'node:fs/promises'
import type { DatabaseSync } from 'node:sqlite'
import { setImmediate } from 'node:timers/promises'

const logHeaderBytes = 32
const frameHeaderBytes = 24
/** About a millisecond. */
const bytesPerStep = 1_000_000

/** Throws an Error where the log can't be repaired now. `mark` stores a text in the database. Nothing else may write meanwhile in this process; others are kept from it. */
export const repairLog = async (db: DatabaseSync, path: string, mark: (text: string) => void): Promise<void> => {
  const marker = randomUUID()
  mark(marker)
  db.exec('BEGIN IMMEDIATE')
  try {
    const file = await open(path, 'r+')
    try {
      const log = await file.readFile()
      const whole = log.subarray(0, await validBytes(log))
      // SQLite has chained it to the frames before it, as it remembers them: it is within the valid part only where those can be read as they were written.
      if (whole.lastIndexOf(marker) < 0) throw new Error('The write-ahead log can\'t be read as it was written')
      for (let from = 0; from < whole.length;) from += (await file.write(whole, from, whole.length - from, from)).bytesWritten
      await file.datasync()
    } finally {
      await file.close()
    }
  } finally {
    db.exec('ROLLBACK')
  }
}

/**
 * Resolves with the length of the part of a log that SQLite would recover: frames with the header's salts and the right checksums, up to the last commit
 * (sqlite.org/fileformat2.html#walformat). In steps: the log may have hundreds of megabytes, and others go on meanwhile.
 */
export const validBytes = async (log: Buffer): Promise<number> => {
  if (log.length < logHeaderBytes) return 0
  const words = new DataView(log.buffer, log.byteOffset, log.length)
  const isLittleEndian = (log.readUInt32BE(0) & 1) === 0
  const frameBytes = frameHeaderBytes + log.readUInt32BE(8)
  let sums = checksum([0, 0], words, 0, 24, isLittleEndian)
  let valid = 0
  if (!areSums(log, 24, sums)) return valid
  let pauseAt = bytesPerStep
  for (let at = logHeaderBytes; at + frameBytes <= log.length; at += frameBytes) {
    if (log.compare(log, 16, 24, at + 8, at + 16) !== 0) break // another salt: a frame of the round before
    sums = checksum(checksum(sums, words, at, at + 8, isLittleEndian), words, at + frameHeaderBytes, at + frameBytes, isLittleEndian)
    if (!areSums(log, at + 16, sums)) break
    if (log.readUInt32BE(at + 4) !== 0) valid = at + frameBytes
    if (at < pauseAt) continue
    pauseAt = at + bytesPerStep
    await setImmediate()
  }
  return valid
}

type Sums = readonly [number, number]

const checksum = ([first, second]: Sums, words: DataView, from: number, to: number, isLittleEndian: boolean): Sums => {
  let [a, b] = [first, second]
  for (let at = from; at < to; at += 8) {
    a = (a + words.getUint32(at, isLittleEndian) + b) >>> 0
    b = (b + words.getUint32(at + 4, isLittleEndian) + a) >>> 0
  }
  return [a, b]
}

const areSums = (log: Buffer, at: number, [first, second]: Sums): boolean => log.readUInt32BE(at) === first && log.readUInt32BE(at + 4) === second
