/** The name of a place from a database's record: one line in Chinese, one in English. People see it, so nothing in the record is trusted. */
import type { Place } from '../domain/place.ts'
import { plainText } from '../domain/text.ts'

type Names = Readonly<Record<string, unknown>>

const maxChars = 40

const regions = {
  'zh-CN': new Intl.DisplayNames(['zh-CN'], { type: 'region', fallback: 'none' }),
  en: new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' }),
}
type Language = keyof typeof regions

/** Returns the place that a database's record names, or null. */
export const placeFrom = (record: unknown): Place | null => {
  const { country, subdivisions, city } = membersOf(record)
  const code = codeOf(country)
  const parts = (language: Language): string[] => [
    nameIn(country, language) || (code === null ? '' : regions[language].of(code) ?? '') || anyName(country),
    ...[Array.isArray(subdivisions) ? subdivisions[0] : undefined, city].map((part) => nameIn(part, language) || anyName(part)),
  ]
  const zh = withoutRepeats(parts('zh-CN')).join(' ')
  const en = withoutRepeats(parts('en')).reverse().join(', ')
  return zh === '' || en === '' ? null : { country: code, zh, en }
}

/** The city 上海 is in 上海市, and Luxembourg in Luxembourg. */
const withoutRepeats = (parts: readonly string[]): string[] =>
  parts.filter((part, i) => part !== '' && !parts.slice(0, i).some((before) => before === part || before === `${part}市`))

const membersOf = (value: unknown): Names => typeof value === 'object' && value !== null ? value as Names : {}

const textOf = (value: unknown): string => typeof value === 'string' ? plainText(value, maxChars) : ''

const nameIn = (part: unknown, language: Language): string => textOf(membersOf(membersOf(part).names)[language])

/** Some databases name most cities in one language only. */
const anyName = (part: unknown): string => nameIn(part, 'en') || nameIn(part, 'zh-CN')

/** Null for codes of what is no country, such as the EU: two places are compared by it. */
const codeOf = (country: unknown): string | null => {
  const { iso_code: code } = membersOf(country)
  return typeof code === 'string' && /^[A-Z]{2}$/.test(code) && !['EU', 'AP', 'XX', 'ZZ'].includes(code) ? code : null
}
