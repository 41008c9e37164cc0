/** Owns which text may be shown beside other text: what does not hide, turn or overrun anything. What it says is not judged here. */

/** They join or vary the character before them: emoji, and rare characters in names, are written with them. */
export const joiners = /\u200d|[\ufe0e\ufe0f]|[\u{e0100}-\u{e01ef}]/gu

/** Drawn as nothing, turning the direction, or ending the line; U+2800 is a braille cell without a dot. */
const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]+/gu

/** Marks piled on one character are drawn over the lines above and below; no script needs so many. */
const pile = /\p{M}{5}/u

/** Tells whether a text has at most `maxChars` characters (code points) and none that hides, turns or overruns text. Only spaces are fine, as is nothing. */
export const isPlainText = (text: string, maxChars: number): boolean => {
  const written = text.replace(joiners, '')
  return [...text].length <= maxChars && written.search(unseen) === -1 && !pile.test(written) && (written === text || written.trim() !== '')
}

/** Makes plain text of any: what must not be shown becomes a space, spaces one, and what is over `maxChars` characters goes. */
export const plainText = (text: string, maxChars: number): string => {
  const written = text.replace(joiners, '').replace(unseen, ' ').replace(/\p{M}{5,}/gu, '').replace(/\s+/g, ' ').trim()
  return [...written].slice(0, maxChars).join('').trim()
}
