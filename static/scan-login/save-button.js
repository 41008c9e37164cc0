/** The button that saves the code's picture, and what to do where a tap on it does nothing. */
import { make } from './dom.js'

/** @typedef {import('./words.js').Words} Words */

/** @param {import('./save-picture.js').PictureSaver} picture @param {() => void} onSave */
export const makeSaveButton = (picture, onSave) => {
  const button = make('button', { class: 'main', part: 'button', 'data-action': 'save', 'data-word': 'save' })
  const byHand = make('p', { class: 'hint', role: 'status' })
  /** @type {{ url: string, words: Words } | null} */
  let shown = null
  /** The picture that may not have been saved when the visitor asked. @type {string | null} */
  let unsaved = null

  const urlShown = () => shown?.url ?? null
  const say = () => {
    const text = shown !== null && shown.url === unsaved ? shown.words.saveByHand : ''
    if (byHand.textContent !== text) byHand.textContent = text
  }
  const save = async () => {
    if (shown === null) return
    onSave()
    const isSaved = await picture.save(shown.words.picture)
    unsaved = isSaved ? null : urlShown()
    say()
  }
  button.addEventListener('click', () => { save() })

  return {
    elements: [button, byHand],
    /** Offers to save this picture, or none. @param {string | null} url @param {Words} words @param {boolean} isMain whether it is what the visitor should do */
    show: (url, words, isMain) => {
      shown = url === null ? null : { url, words }
      if (url !== null) picture.prepare(url)
      button.hidden = url === null
      button.className = isMain ? 'main' : 'quiet'
      button.setAttribute('data-word', isMain ? 'save' : 'saveInstead')
      say()
    },
  }
}
