/** Sizes of website and phones, as variables of the style: a phone keeps the shape and the text size of a real one, and is scaled so that all of it is in view. */

/** Website and phone one above the other. */
export const narrowWindow = '(max-width: 860px)'

const phoneWidthPx = 372

/** The lowest phones on which the question of a login fits without scrolling: with a warning it is longer, in English most of all. */
const lowestPx = { usual: 612, warned: 710, warnedInEnglish: 840 }
const usualPx = 780
/** Beyond it the text would be larger than on the website. */
const largestScale = 1.15
/** Below it nobody can read the text: the phone is lower then, and its page scrolls. */
const smallestScale = 0.7
/** The higher of the website's two cards, with its margins. */
const sitePx = 620

/** Follows the size of the windows and of what is around website and phones. */
export const fitToWindow = (phones: HTMLElement, site: HTMLElement): void => {
  const isStrip = matchMedia(narrowWindow)
  const fit = (): void => {
    const heightPx = phones.clientHeight
    const isWarned = phones.querySelector('.warned') !== null
    const lowest = lowestPx[isWarned ? document.documentElement.lang === 'en' ? 'warnedInEnglish' : 'warned' : 'usual']
    // Side by side, the phones take the width that they need.
    const most = isStrip.matches ? Math.min(largestScale, phones.clientWidth / phoneWidthPx) : largestScale
    const scale = Math.min(most, heightPx < lowest ? Math.max(smallestScale, heightPx / lowest) : Math.max(1, heightPx / usualPx))
    phones.style.setProperty('--scale', scale.toFixed(4))
    site.style.setProperty('--site-scale', isStrip.matches ? '1' : Math.min(1, site.clientHeight / sitePx).toFixed(4))
  }
  const observer = new ResizeObserver(fit)
  for (const element of [phones, site]) observer.observe(element)
  new MutationObserver(fit).observe(phones, { childList: true })
  isStrip.addEventListener('change', fit)
  fit()
}
