/** Corruptions of a request's bytes, which an HTTP parser may fail on, or two parsers may read differently. */
import fc, { type Arbitrary } from 'fast-check'

const pieces = ['\r\n', '\n', '\r', '\0', ' ', '\t', ':', '\xff', '\r\n\r\n', '\r\nTransfer-Encoding: chunked\r\n', '\r\nTransfer-Encoding : chunked\r\n', '\r\nContent-Length: 5\r\n', '\r\nContent-Length: 0\r\n', '\r\nHost: evil.example\r\n',
  '\r\n folded\r\n', '0\r\n\r\n', 'ffffffffffffffff\r\n', 'GET /api/session HTTP/1.1\r\nHost: a\r\n\r\n', ' HTTP/0.9', ' HTTP/9.9', '\r\nExpect: 100-continue\r\n', '\r\nUpgrade: h2c\r\n', 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n']

const cut = (bytes: Buffer, at: number): [Buffer, Buffer] => {
  const index = Math.floor(at * bytes.length)
  return [bytes.subarray(0, index), bytes.subarray(index)]
}

type Corruption = (bytes: Buffer) => Buffer

const positions = fc.double({ min: 0, max: 0.999, noNaN: true })

const corruption: Arbitrary<Corruption> = fc.oneof(
  fc.tuple(positions, fc.constantFrom(...pieces)).map(([at, piece]): Corruption => (bytes) => {
    const [before, after] = cut(bytes, at)
    return Buffer.concat([before, Buffer.from(piece, 'latin1'), after])
  }),
  fc.tuple(positions, fc.integer({ min: 0, max: 255 })).map(([at, value]): Corruption => (bytes) => {
    const [before, after] = cut(bytes, at)
    return Buffer.concat([before, Buffer.from([value]), after.subarray(1)])
  }),
  fc.tuple(positions, fc.integer({ min: 1, max: 20 })).map(([at, size]): Corruption => (bytes) => {
    const [before, after] = cut(bytes, at)
    return Buffer.concat([before, after.subarray(size)])
  }),
  positions.map((at): Corruption => (bytes) => cut(bytes, at)[0]),
  fc.constant<Corruption>((bytes) => Buffer.concat([bytes, bytes])),
)

/** One to three corruptions, applied one after the other. */
export const corruptions: Arbitrary<Corruption> = fc.array(corruption, { minLength: 1, maxLength: 3 }).map((all) => (bytes) => all.reduce((left, next) => next(left), bytes))
