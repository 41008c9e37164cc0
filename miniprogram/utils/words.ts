import type { BrowserName } from './answers'
import { en } from './words-en'
import type { Words } from './words-type'
import { zh } from './words-zh'
import { zhHant } from './words-zh-hant'

/** Returns Chinese for a Chinese language tag of any form (`zh_CN`, `zh-Hans`), traditional by its script or the regions that write it, else English. */
export const wordsFor = (language: string): Words => {
  if (!/^zh/i.test(language)) return en
  return /[_-](?:hant|tw|hk|mo)\b/i.test(language) && !/hans/i.test(language) ? zhHant : zh
}

/** Returns a place's name in the language of these words, which has one for all Chinese; null if the service doesn't know the place. */
export const placeIn = (words: Words, { place, placeEn }: Pick<BrowserName, 'place' | 'placeEn'>): string | null => words === en ? placeEn : place
