import { make } from './dom.js'
import { recall, remember } from './local-storage.js'
import { dictionaries } from './words.js'

/** @typedef {import('./words.js').Language} Language */

const storageKey = 'scan-login-language'

/** In the order of the switch. @type {Language[]} */
const languages = ['zh', 'zh-Hant', 'en']

/**
 * Chooses the first preferred language that is supported, else English. Traditional Chinese is chosen by script or by the regions that write it.
 * @param {readonly (string | null)[]} preferred language tags, the best first; null stands for none
 * @returns {Language}
 */
export const languageFor = (preferred) => preferred.map(supportedOf).find((language) => language !== null) ?? 'en'

/** @param {string | null} tag @returns {Language | null} */
const supportedOf = (tag) => {
  const [language, ...rest] = (tag ?? '').toLowerCase().split(/[-_]/)
  if (language === 'en') return 'en'
  if (language !== 'zh') return null
  return rest.includes('hant') || (!rest.includes('hans') && ['tw', 'hk', 'mo'].some((region) => rest.includes(region))) ? 'zh-Hant' : 'zh'
}

/** What the visitor chose earlier, or null. */
export const recallLanguage = () => recall(storageKey)

/** Makes the switch; what the visitor chooses is remembered and passed to `onChange`. @param {(language: Language) => void} onChange */
export const makeLanguageSwitch = (onChange) => {
  const options = languages.map((language) => make('option', { value: language, lang: dictionaries[language].lang }, dictionaries[language].own))
  const select = make('select', {}, ...options)
  select.addEventListener('change', () => {
    const chosen = languageFor([select.value])
    remember(storageKey, chosen)
    onChange(chosen)
  })
  return {
    element: make('div', { class: 'quiet switch' }, select),
    /** Shows this language as the chosen one. @param {Language} language */
    show: (language) => {
      select.value = language
      select.setAttribute('aria-label', dictionaries[language].language)
    },
  }
}
