/** Owns which language a visitor reads, and the switch for it. Knows no words but the names of the languages. */
import { make } from './dom.js'
import { recall, remember } from './memory.js'
import { dictionaries } from './words.js'

/** @typedef {import('./words.js').Language} Language */

const storageKey = 'scan-login-language'

/** The languages, as `dictionaries` has them. @type {Language[]} */
const languages = ['zh', 'zh-Hant', 'en']

/**
 * Chooses the first of the wished that is spoken here, else English. Traditional Chinese is that of the script, or of the places that write it.
 * @param {readonly (string | null)[]} wished language tags, the most wanted first; null is no wish
 * @returns {Language}
 */
export const languageFor = (wished) => wished.map(spoken).find((language) => language !== null) ?? 'en'

/** @param {string | null} tag @returns {Language | null} */
const spoken = (tag) => {
  const [language, ...rest] = (tag ?? '').toLowerCase().split(/[-_]/)
  if (language === 'en') return 'en'
  if (language !== 'zh') return null
  return rest.includes('hant') || (!rest.includes('hans') && ['tw', 'hk', 'mo'].some((place) => rest.includes(place))) ? 'zh-Hant' : 'zh'
}

/** What the visitor chose at an earlier time, or null. */
export const recallLanguage = () => recall(storageKey)

/** Makes the switch; `choose` hears of what the visitor chooses, which is remembered. @param {(language: Language) => void} choose */
export const makeLanguageSwitch = (choose) => {
  const options = languages.map((language) => make('option', { value: language, lang: dictionaries[language].lang }, dictionaries[language].own))
  const select = make('select', {}, ...options)
  select.addEventListener('change', () => {
    const chosen = languageFor([select.value])
    remember(storageKey, chosen)
    choose(chosen)
  })
  return {
    element: make('div', { class: 'quiet switch' }, select),
    /** Shows the language as it is now. @param {Language} language */
    show: (language) => {
      select.value = language
      select.setAttribute('aria-label', dictionaries[language].language)
    },
  }
}
