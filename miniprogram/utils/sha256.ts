/** SHA-256 (FIPS 180-4) in plain JavaScript, as a mini program has no WebCrypto. Good for short messages, not for files. */

const initial = [
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
]

const constants = [
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
]

/** Appends a 1 bit, zeros, and the length in bits as 64-bit big-endian, up to a whole number of 64-byte blocks (§5.1.1). */
const pad = (message: Uint8Array): DataView => {
  const bytes = new Uint8Array(Math.ceil((message.length + 9) / 64) * 64)
  bytes.set(message)
  bytes[message.length] = 0x80
  const view = new DataView(bytes.buffer)
  view.setUint32(bytes.length - 8, Math.floor(message.length / 0x20000000))
  view.setUint32(bytes.length - 4, message.length << 3)
  return view
}

const rotate = (word: number, by: number): number => word >>> by | word << 32 - by

/** Mixes one block into the eight words of `state` (§6.2.2). The typed array truncates every sum to 32 bits. */
const compress = (state: Uint32Array, block: DataView, start: number): void => {
  const w = new Uint32Array(64)
  const word = (at: number): number => w[at] as number // `at` stays below 64
  for (let t = 0; t < 16; t++) w[t] = block.getUint32(start + t * 4)
  for (let t = 16; t < 64; t++) {
    const near = word(t - 2)
    const far = word(t - 15)
    w[t] = (rotate(near, 17) ^ rotate(near, 19) ^ near >>> 10) + word(t - 7) +
      (rotate(far, 7) ^ rotate(far, 18) ^ far >>> 3) + word(t - 16)
  }
  let [a, b, c, d, e, f, g, h] = Array.from(state) as [number, number, number, number, number, number, number, number] // eight words
  for (let t = 0; t < 64; t++) {
    const first = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + (e & f ^ ~e & g) + (constants[t] as number) + word(t)
    const second = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + (a & b ^ a & c ^ b & c)
    h = g
    g = f
    f = e
    e = d + first | 0
    d = c
    c = b
    b = a
    a = first + second | 0
  }
  const mixed = [a, b, c, d, e, f, g, h]
  state.forEach((before, at) => { state[at] = before + (mixed[at] as number) })
}

/** Returns the digest: 32 bytes. */
export const sha256 = (message: Uint8Array): Uint8Array => {
  const state = Uint32Array.from(initial)
  const blocks = pad(message)
  for (let start = 0; start < blocks.byteLength; start += 64) compress(state, blocks, start)
  const digest = new Uint8Array(32)
  const view = new DataView(digest.buffer)
  state.forEach((word, at) => view.setUint32(at * 4, word))
  return digest
}
