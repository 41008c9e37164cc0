/** The browser as a login needs it: its clock, pictures, visibility, network, sleep, and signs of a visitor. */

/** @typedef {import('./login-types.js').Condition} Condition */

/** Monotonic, so that setting the computer's clock changes nothing. @type {import('./wait.js').Clock} */
export const clock = {
  now: () => performance.now(),
  after: (ms, call) => {
    const timer = setTimeout(call, ms)
    return () => { clearTimeout(timer) }
  },
}

/** A page, or a machine, was asleep when a timer fires this much later than it was set for. */
const sleepCheckMs = 2_000
const sleptMs = 5_000

/** An aborted load leaves its connection: a browser has six to a host, and the other tabs need them. @param {string} url @param {{ isRetry: boolean, signal: AbortSignal }} how @returns {Promise<boolean>} */
export const loadPicture = async (url, { isRetry, signal }) => {
  if (isRetry) await fetch(url, { cache: 'reload', signal }).catch(() => null) // a browser may keep a router's 404, which an <img> would be given again
  if (signal.aborted) return false
  return await new Promise((resolve) => {
    const image = new Image()
    signal.addEventListener('abort', () => {
      image.removeAttribute('src')
      resolve(false)
    })
    image.onload = () => { resolve(true) }
    image.onerror = () => { resolve(false) }
    image.src = url
  })
}

/** Listens until the signal is aborted: browsers before 2021 ignore the option `signal`. @param {EventTarget} target @param {string} type @param {(event: any) => void} listener @param {AbortSignal} signal @param {AddEventListenerOptions} [options] */
export const listen = (target, type, listener, signal, options) => {
  target.addEventListener(type, listener, options)
  signal.addEventListener('abort', () => { target.removeEventListener(type, listener, options) })
}

/** Starts watching; the signal removes every listener. @param {AbortSignal} signal */
export const watchBrowser = (signal) => {
  let lastActivityAt = clock.now()
  const onActivity = () => { lastActivityAt = clock.now() }
  for (const event of ['pointermove', 'pointerdown', 'keydown', 'wheel', 'focus', 'pageshow']) listen(window, event, onActivity, signal, { passive: true, capture: true })
  listen(document, 'visibilitychange', onActivity, signal)

  /** @type {Condition} */
  const visible = {
    now: () => document.visibilityState === 'visible',
    onChange: (listener) => { listen(document, 'visibilitychange', listener, signal) },
  }
  /** @type {Condition} */
  const online = {
    now: () => navigator.onLine,
    onChange: (listener) => {
      listen(window, 'online', listener, signal)
      listen(window, 'offline', listener, signal)
    },
  }
  /** @param {() => void} listener */
  const onWake = (listener) => {
    let lastAt = Date.now()
    const timer = setInterval(() => {
      const before = lastAt
      lastAt = Date.now()
      if (lastAt - before > sleepCheckMs + sleptMs) listener()
    }, sleepCheckMs)
    signal.addEventListener('abort', () => { clearInterval(timer) })
  }
  return { visible, online, onWake, lastActivityAt: () => lastActivityAt }
}
