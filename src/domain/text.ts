/** Text that is safe to show next to other text: it hides, reverses and overlaps nothing. What it says is judged elsewhere (mimic.ts). */

/** Joiners and variation selectors, which are part of emoji and of rare characters in names. */
export const joiners = /\u200d|[\ufe0e\ufe0f]|[\u{e0100}-\u{e01ef}]/gu

/** Invisible characters, and those that change the direction or end the line; U+2800 is a braille cell without a dot; noncharacters have no form. */
const invisible = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\u2800]+/gu

/** Five marks on one character are drawn over the lines above and below; no script needs that many. */
const markPile = /\p{M}{5}/u

/** Tells whether a text has at most `maxChars` characters (code points) and none that hides, reverses or overlaps text. The empty text and spaces alone are allowed. */
export const isPlainText = (text: string, maxChars: number): boolean => {
  const written = text.replace(joiners, '')
  return [...text].length <= maxChars && written.search(invisible) === -1 && !markPile.test(written) && (written === text || written.trim() !== '')
}

/** Makes plain text of any text: what must not be shown becomes a space, runs of spaces become one, and the rest beyond `maxChars` characters is cut. */
export const plainText = (text: string, maxChars: number): string => {
  const written = text.replace(joiners, '').replace(invisible, ' ').replace(/\p{M}{5,}/gu, '').replace(/\s+/g, ' ').trim()
  return [...written].slice(0, maxChars).join('').trim()
}
