// The page is served with a slash at the end of its address, too. Without it, relative addresses lead to where they should.
if (location.pathname.endsWith('/')) history.replaceState(history.state, '', location.pathname.replace(/\/+$/, '') + location.search + location.hash)

for (const element of document.querySelectorAll('.too-old, .again')) element.remove()

/** Finds an element; throws if the page has none of this type. @template {Element} T @param {string} selector @param {new () => T} type @returns {T} */
export const elementOf = (selector, type) => {
  const found = document.querySelector(selector)
  if (!(found instanceof type)) throw new TypeError(`The page has no ${selector}`)
  return found
}

/** Puts the focus on the card when what had it is gone: else it would fall to the top of the page. */
export const focusCard = () => {
  const card = elementOf('main', HTMLElement)
  card.tabIndex = -1
  card.focus({ preventScroll: true })
}

/** The name of the site, which the service writes into the page. */
export const siteName = document.querySelector('meta[name="application-name"]')?.getAttribute('content') ?? location.host
