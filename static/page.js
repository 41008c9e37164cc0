/** Owns what every page has: its language, the words that stand still, the switch, and the dialog that explains. */
import { dictionaries, languageFor } from './words.js'

/** @typedef {import('./words.js').Words} Words */

const storageKey = 'scan-login-language'

/** Finds an element that the page's HTML has. @template {Element} T @param {string} id @param {new () => T} type @returns {T} */
export const elementOf = (id, type) => {
  const found = document.getElementById(id)
  if (!(found instanceof type)) throw new TypeError(`The page has no #${id}`)
  return found
}

/** The name of the site, which the service wrote into the page. */
export const siteName = document.querySelector('meta[name="application-name"]')?.getAttribute('content') ?? location.host

/** Fills in the words that elements below `root` ask for by `data-word`. @param {ParentNode} root @param {Words} words */
export const fillWords = (root, words) => {
  for (const element of root.querySelectorAll('[data-word]')) {
    const word = element.getAttribute('data-word') ?? ''
    element.textContent = Object.entries(words).find(([name]) => name === word)?.[1] ?? ''
  }
}

/** Chooses the language, and calls `speak` now and whenever it changes. @param {(words: Words) => void} speak */
export const speakOnPage = (speak) => {
  let language = languageFor(recall(), navigator.languages)
  const say = () => {
    const words = dictionaries[language]
    document.documentElement.lang = words.lang
    fillWords(document, words)
    elementOf('language', HTMLButtonElement).lang = words === dictionaries.zh ? dictionaries.en.lang : dictionaries.zh.lang
    speak(words)
  }
  elementOf('language', HTMLButtonElement).addEventListener('click', () => {
    language = language === 'zh' ? 'en' : 'zh'
    remember(language)
    say()
  })
  say()
}

/** A browser may forbid storage; then nothing is remembered. */
const recall = () => {
  try {
    return localStorage.getItem(storageKey)
  } catch {
    return null
  }
}

/** @param {string} language */
const remember = (language) => {
  try {
    localStorage.setItem(storageKey, language)
  } catch {}
}
