import type { BrowserName } from './answers'
import { en } from './words-en'
import type { Words } from './words-type'
import { zh } from './words-zh'

/** Returns Chinese for a Chinese language tag of any form (`zh_CN`, `zh-Hans`), else English. */
export const wordsFor = (language: string): Words => /^zh/i.test(language) ? zh : en

/** Returns a place's name in the language of these words; null if the service doesn't know the place. */
export const placeIn = (words: Words, { place, placeEn }: Pick<BrowserName, 'place' | 'placeEn'>): string | null => words === zh ? place : placeEn
