/** UTF-8, base64 and base64url, which a mini program lacks. */

const plain = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const urlSafe = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** Encodes as `TextEncoder` does: half of a surrogate pair becomes U+FFFD. */
export const utf8 = (text: string): Uint8Array => {
  const bytes: number[] = []
  for (let at = 0; at < text.length; at++) {
    let point = text.codePointAt(at) as number // `at` is inside the text
    if (point > 0xffff) at++
    if (point >= 0xd800 && point <= 0xdfff) point = 0xfffd
    if (point < 0x80) bytes.push(point)
    else if (point < 0x800) bytes.push(0xc0 | point >> 6, 0x80 | point & 63)
    else if (point < 0x10000) bytes.push(0xe0 | point >> 12, 0x80 | point >> 6 & 63, 0x80 | point & 63)
    else bytes.push(0xf0 | point >> 18, 0x80 | point >> 12 & 63, 0x80 | point >> 6 & 63, 0x80 | point & 63)
  }
  return Uint8Array.from(bytes)
}

const encode = (bytes: Uint8Array, alphabet: string): string => {
  let text = ''
  let carried = 0
  let bits = 0
  for (let at = 0; at < bytes.length; at++) {
    carried = (carried << 8 | bytes[at] as number) & 0xffff // at most 4 bits are carried over from the byte before
    bits += 8
    while (bits >= 6) {
      bits -= 6
      text += alphabet.charAt(carried >> bits & 63)
    }
  }
  return bits === 0 ? text : text + alphabet.charAt(carried << 6 - bits & 63)
}

/** RFC 4648 §4, with padding. */
export const base64 = (bytes: Uint8Array): string => {
  const text = encode(bytes, plain)
  return text + '='.repeat((4 - text.length % 4) % 4)
}

/** RFC 4648 §5, without padding. */
export const base64url = (bytes: Uint8Array): string => encode(bytes, urlSafe)

/** Decodes base64url without padding; undefined if the text is none. */
export const fromBase64url = (text: string): Uint8Array | undefined => {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) return undefined
  const bytes = new Uint8Array(Math.floor(text.length * 3 / 4))
  let carried = 0
  let bits = 0
  let at = 0
  for (const character of text) {
    carried = (carried << 6 | urlSafe.indexOf(character)) & 0xffff
    bits += 6
    if (bits < 8) continue
    bits -= 8
    bytes[at++] = carried >> bits & 255
  }
  return bytes
}
