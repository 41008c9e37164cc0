import { stageOf } from './view-state.js'

/**
 * Chooses the texts of a view: the main line, a smaller line of help, and a line about trouble, which takes nothing away: the number can still be tapped, and the code scanned.
 * @param {import('./view-state.js').View} view
 * @param {import('./words.js').Words} words
 * @param {import('./device.js').Device} device the device that shows the page
 * @param {boolean} [goesOn] whether the visitor is taken elsewhere after the login
 * @param {boolean} [isPictureWanted] whether the visitor takes the picture where a link is offered, too
 * @returns {{ line: string, help: string, trouble: string }}
 */
export const viewWords = (view, words, device, goesOn = false, isPictureWanted = false) => ({ ...stageWords(stageOf(view), words, device, goesOn, isPictureWanted), trouble: 'stage' in view ? words[view.name] : '' })

/** @param {import('./view-state.js').Stage} view @param {import('./words.js').Words} words @param {import('./device.js').Device} device @param {boolean} goesOn @param {boolean} isPictureWanted */
const stageWords = (view, words, device, goesOn, isPictureWanted) => {
  switch (view.name) {
    case 'waiting':
    case 'cancelled':
    case 'late': {
      const how = device === 'phone' && view.code.linkUrl !== null && !isPictureWanted ? 'waitingWithLink' : waitingOn[device]
      return { line: words[view.name === 'waiting' ? how : view.name], help: words[`${how}Help`] }
    }
    case 'scanned': {
      const isHere = device !== 'computer'
      if (view.number === null) return { line: isHere ? words.scannedPlainHere : words.scannedPlain, help: '' }
      return { line: isHere ? words.scannedHere : words.scanned, help: words.scannedHelp }
    }
    case 'confirmed': return { line: words.confirmed, help: goesOn ? words.goingOn : '' } // the destination may be slow
    // With the start of the id, as the phone shows it: anybody can take any name.
    case 'another': return { line: `${words.another}${view.user.name ?? words.nameless}`, help: words.anotherHelp.replace('{id}', view.user.sub.slice(0, 8)) }
    case 'too-late': return { line: words['too-late'], help: words['too-late-help'].replace('{app}', view.app?.name ?? '') }
    case 'refused': return { line: words[view.why], help: words[`${view.why}-help`] }
    case 'no-code': return { line: words[view.why], help: view.retryMs <= 15_000 ? words.soon : view.retryMs <= 90_000 ? words.inAMinute : words.later }
    default: return { line: words[view.name], help: '' }
  }
}

const waitingOn = /** @type {const} */ ({ computer: 'waiting', wechat: 'waitingInWechat', phone: 'waitingOnPhone' })
