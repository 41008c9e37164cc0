// The encodings, hash and HMAC of the mini program, compared with Node's.
import { createHash, createHmac } from 'node:crypto'
import t from 'tap'
import '../support/miniprogram.ts'
import { seededBytes } from '../support/seeded-random.ts'

const { base64, base64url, fromBase64url, utf8 } = await import('../../miniprogram/utils/bytes.ts')
const { hmacSha256 } = await import('../../miniprogram/utils/hmac-sha256.ts')
const { sha256 } = await import('../../miniprogram/utils/sha256.ts')

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
/** Every length around the edges of two blocks, then longer ones. */
const lengths = [...Array.from({ length: 200 }, (_, length) => length), 255, 256, 1000, 4096, 70_001]

await t.test('sha256: it returns the same digest as node:crypto for a message of any length', async (t) => {
  for (const length of lengths) {
    const message = seededBytes(length)
    t.equal(hex(sha256(message)), createHash('sha256').update(message).digest('hex'), message.toString('hex').slice(0, 400))
  }
})

await t.test('sha256: it returns the published digest for the message of FIPS 180-4', async (t) => {
  t.equal(hex(sha256(utf8('abc'))), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
})

await t.test('hmacSha256: it returns the same code as node:crypto for key and message of any length', async (t) => {
  for (const length of lengths) {
    const key = seededBytes((length * 7) % 150)
    const message = seededBytes(length)
    t.equal(hex(hmacSha256(key, message)), createHmac('sha256', key).update(message).digest('hex'), `key ${key.toString('hex')}`)
  }
})

await t.test('utf8: it returns the bytes of TextEncoder for any text', async (t) => {
  const some = ['', 'a', 'ü', '微信', '👩‍💻', '\u0000\u007f\u0080\u07ff\u0800\uffff', '\ud800', '\udc00', 'a\ud83d', '\udc00\ud800b', '\ud83dé']
  const random = Array.from({ length: 200 }, () => String.fromCharCode(...new Uint16Array(seededBytes(32).buffer.slice(0, 32))))
  // As code points: some characters would break the line of the report.
  const named = (text: string): string => Array.from(text, (character) => character.codePointAt(0)?.toString(16)).join(' ')
  for (const text of [...some, ...random]) t.equal(hex(utf8(text)), hex(new TextEncoder().encode(text)), named(text))
})

await t.test('base64: it encodes and decodes any bytes as Buffer does', async (t) => {
  for (const length of lengths.slice(0, 200)) {
    const bytes = seededBytes(length)
    t.equal(base64(bytes), bytes.toString('base64'))
    t.equal(base64url(bytes), bytes.toString('base64url'))
    t.equal(hex(fromBase64url(base64url(bytes)) ?? new Uint8Array(1)), hex(bytes))
  }
})

await t.test('fromBase64url: it returns undefined when the text is no base64url', async (t) => {
  for (const text of ['a', 'abcde', 'ab+/', 'ab==', 'ab cd', 'é___', 'abcd\n']) t.equal(fromBase64url(text), undefined, text)
})
