/** Owns the login page: hands the flow the browser it runs in, and draws what it tells. */
import { createLoginFlow } from './login-flow.js'
import { createLoginView } from './login-view.js'
import { elementOf, siteName, speakOnPage } from './page.js'
import { createTicketApi } from './ticket-api.js'
import { destination } from './destination.js'
import { dictionaries } from './words.js'

const clock = {
  now: () => performance.now(),
  /** @param {number} ms @param {() => void} call */
  after: (ms, call) => {
    const timer = setTimeout(call, ms)
    return () => { clearTimeout(timer) }
  },
}

/** @param {string} url @returns {Promise<boolean>} */
const loadCode = (url) => new Promise((resolve) => {
  const image = new Image()
  image.onload = () => { resolve(true) }
  image.onerror = () => { resolve(false) }
  image.src = url
})

const draw = createLoginView()
let words = dictionaries.en
/** @type {import('./login-screen.js').View} */
let view = { name: 'making' }

const flow = createLoginFlow({
  api: createTicketApi({ fetch: (...request) => fetch(...request), clock }),
  loadCode,
  clock,
  random: Math.random,
  visible: {
    now: () => document.visibilityState === 'visible',
    watch: (changed) => { document.addEventListener('visibilitychange', changed) },
  },
  online: {
    now: () => navigator.onLine,
    watch: (changed) => {
      addEventListener('online', changed)
      addEventListener('offline', changed)
    },
  },
  show: (next) => {
    view = next
    draw(view, words)
  },
  done: (returnTo) => { location.replace(destination(returnTo, location.href)) },
})

elementOf('site', HTMLElement).textContent = siteName
speakOnPage((next) => {
  words = next
  document.title = `${words.logInTo} ${siteName}`
  draw(view, words)
})

const explanation = elementOf('explanation', HTMLDialogElement)
/** @type {Record<string, () => void>} */
const actions = {
  renew: () => { flow.renew() },
  explain: () => { explanation.showModal() },
  close: () => { explanation.close() },
}
document.addEventListener('click', ({ target }) => {
  const button = target instanceof Element ? target.closest('[data-action]') : null
  actions[button?.getAttribute('data-action') ?? '']?.()
  if (target === explanation) explanation.close()
})

const start = () => { flow.start(new URLSearchParams(location.search).get('return_to')) }
addEventListener('pagehide', () => { flow.leave() })
addEventListener('pageshow', ({ persisted }) => { if (persisted) start() })
start()
