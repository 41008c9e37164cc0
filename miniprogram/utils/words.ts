import type { BrowserName } from './answers'
import { isTraditionalChinese } from './language'
import { en } from './words-en'
import type { Words } from './words-type'
import { zh } from './words-zh'
import { zhHant } from './words-zh-hant'

/** Returns Chinese, simplified or traditional, for a Chinese language tag of any form (`zh_CN`, `zh-Hans`), else English. */
export const wordsFor = (language: string): Words => {
  if (!/^zh/i.test(language)) return en
  return isTraditionalChinese(language) ? zhHant : zh
}

/** Returns a place's name in the language of these words, which has one for all Chinese; null if the service doesn't know the place. */
export const placeIn = (words: Words, { place, placeEn }: Pick<BrowserName, 'place' | 'placeEn'>): string | null => words === en ? placeEn : place
