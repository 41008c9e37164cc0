/** Going on from the login page without a code, where this browser is logged in: when the page is opened, and when another tab has logged in. */
import { jsonOf, optionalSession, problemCodeOf } from './scan-login/answer.js'
import { cutFragment, destination, encodeReturn, refusedDestination, returnRefusals } from './scan-login/destination.js'
import { remember } from './scan-login/local-storage.js'

/** Of the tab: how often it has gone on by itself of late, and when it last did. */
const wentOnKey = 'scan-login-went-on'
/** A site that sends a visitor back this often in a row, each time sooner than this, takes nobody for logged in: wherever it says to go, that would make a loop. */
const loopTimes = 3
const loopMs = 30_000
/** Of the browser: written with each login, so that other tabs get a `storage` event. */
const loggedInKey = 'scan-login-logged-in-at'

/** Where somebody who is logged in goes; null if nobody is, or the service hasn't said. @param {string | null} returnTo @returns {Promise<string | null>} */
const findDestination = async (returnTo) => {
  const query = returnTo === null ? '' : `&return_to=${encodeReturn(returnTo)}`
  const response = await fetch(`api/${optionalSession}${query}`, { cache: 'no-store' })
  const body = await jsonOf(response)
  if (returnTo !== null && returnRefusals.includes(problemCodeOf(response, body))) {
    const withoutFragment = cutFragment(returnTo)
    if (withoutFragment !== null) return await findDestination(withoutFragment)
    return await findDestination(null) === null ? null : refusedDestination(location.href)
  }
  const isLoggedIn = response.ok && typeof body.user === 'object' && body.user !== null
  return isLoggedIn && (body.return_to ?? null) === returnTo ? destination(returnTo, location.href) : null // an older instance doesn't look at it
}

/** Goes there, unless that would make a loop, or storage is forbidden, so that a loop couldn't be noticed. @param {string} address @param {(address: string) => void} leave */
const goTo = (address, leave) => {
  try {
    const { times = 0, at = 0 } = JSON.parse(sessionStorage.getItem(wentOnKey) ?? '{}')
    const timesLately = Math.abs(Date.now() - at) < loopMs ? times : 0
    if (timesLately >= loopTimes) return false
    sessionStorage.setItem(wentOnKey, JSON.stringify({ times: timesLately + 1, at: Date.now() }))
  } catch {
    return false
  }
  leave(address)
  queueMicrotask(() => { location.replace(address) }) // after the element's own microtask, in which it cancels its ticket
  return true
}

/**
 * Goes on if this browser is logged in; false if it isn't, or that isn't known. `isBusy`: a phone has scanned this page's code, and the login that follows
 * is the visitor's wish; `leave` is called before the page goes.
 * @param {{ returnTo: string | null, isBusy: () => boolean, leave: (address: string) => void }} page
 */
export const goOnIfLoggedIn = async ({ returnTo, isBusy, leave }) => {
  const address = await findDestination(returnTo).catch(() => null)
  return address !== null && !isBusy() && goTo(address, leave)
}

/** Calls the listener when this browser may have been logged in elsewhere. @param {() => void} listener */
export const watchLogins = (listener) => {
  addEventListener('storage', ({ key }) => { if (key === loggedInKey) listener() })
  addEventListener('pageshow', ({ persisted }) => { if (persisted) listener() })
  document.addEventListener('visibilitychange', () => { if (!document.hidden) listener() })
}

/** Tells the other tabs that this browser has been logged in. */
export const announceLogin = () => { remember(loggedInKey, String(Date.now())) }
