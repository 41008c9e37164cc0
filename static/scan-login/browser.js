/** Owns what the flow is told of the browser it runs in. Every listener ends with the signal that is handed in. */
import { recall, remember } from './memory.js'

/** @typedef {import('./login-flow.js').Condition} Condition */

/** Time that no change of the computer's clock moves. @type {import('./patience.js').Clock} */
export const clock = {
  now: () => performance.now(),
  after: (ms, call) => {
    const timer = setTimeout(call, ms)
    return () => { clearTimeout(timer) }
  },
}

/** A page, or a machine, that was asleep finds that more time went by than its timer was set for. */
const sleepCheckMs = 2_000
const sleptMs = 5_000

/** @param {string} url @returns {Promise<boolean>} */
export const loadPicture = (url) => new Promise((resolve) => {
  const image = new Image()
  image.onload = () => { resolve(true) }
  image.onerror = () => { resolve(false) }
  image.src = url
})

/** Makes the flow's senses. @param {AbortSignal} signal */
export const watchBrowser = (signal) => {
  let seenAt = clock.now()
  const see = () => { seenAt = clock.now() }
  for (const sign of ['pointermove', 'pointerdown', 'keydown', 'wheel', 'focus', 'pageshow']) addEventListener(sign, see, { signal, passive: true, capture: true })
  document.addEventListener('visibilitychange', see, { signal })

  /** @type {Condition} */
  const visible = {
    now: () => document.visibilityState === 'visible',
    watch: (changed) => { document.addEventListener('visibilitychange', changed, { signal }) },
  }
  /** @type {Condition} */
  const online = {
    now: () => navigator.onLine,
    watch: (changed) => {
      addEventListener('online', changed, { signal })
      addEventListener('offline', changed, { signal })
    },
  }
  /** @param {() => void} woke */
  const watchSleep = (woke) => {
    let lastAt = Date.now()
    const timer = setInterval(() => {
      const before = lastAt
      lastAt = Date.now()
      if (lastAt - before > sleepCheckMs + sleptMs) woke()
    }, sleepCheckMs)
    signal.addEventListener('abort', () => { clearInterval(timer) })
  }
  return { visible, online, watchSleep, seenAt: () => seenAt }
}

/**
 * Makes the memory of how long polls of this server may be held here.
 * @param {string} server
 * @returns {import('./hold.js').HoldMemory}
 */
export const createHoldMemory = (server) => {
  const key = `scan-login-hold ${server}`
  return {
    recall: () => {
      try {
        return JSON.parse(recall(key) ?? 'null')
      } catch {
        return null // anybody may have written there
      }
    },
    remember: (lesson) => { remember(key, JSON.stringify(lesson)) },
  }
}

/**
 * Makes the memory of whom this browser was last logged in as by this server: the `sub`, never a token.
 * @param {string} server
 */
export const createPersonMemory = (server) => {
  const key = `scan-login-person ${server}`
  return {
    recall: () => recall(key),
    /** @param {string} sub */
    remember: (sub) => { remember(key, sub) },
  }
}
