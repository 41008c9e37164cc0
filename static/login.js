/** The login page: passes `return_to` to the element, follows its language, and goes to the signed-in page if there is no `return_to`. */
import './scan-login.js'
import { destination } from './scan-login/destination.js'
import { languageFor } from './scan-login/language.js'
import { confirmedForMs } from './scan-login/login-flow.js'
import { dictionaries } from './scan-login/words.js'
import { elementOf, siteName } from './page.js'

const login = elementOf('scan-login', HTMLElement)
// Nothing else is read from the address, above all no ticket: a link could plant somebody else's.
const returnTo = new URLSearchParams(location.search).get('return_to')
if (returnTo !== null) login.setAttribute('return-to', returnTo)

login.addEventListener('login', (event) => {
  const { returnTo } = /** @type {CustomEvent<import('./scan-login/ticket-api.js').Session>} */ (event).detail
  if (returnTo !== null) return // the element goes there
  // In a microtask, so that the timer is set after the element's of the same length: the element has then given its ticket up, and saves none when the page goes.
  queueMicrotask(() => setTimeout(() => { location.replace(destination(null, location.href)) }, confirmedForMs))
})

const translate = () => {
  const words = dictionaries[languageFor([login.lang])]
  document.documentElement.lang = words.lang
  document.title = `${words.logInTo} ${siteName}`
}
new MutationObserver(translate).observe(login, { attributeFilter: ['lang'] })
translate()
