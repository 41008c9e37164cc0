/** Owns the login page: it tells the element where the visitor wants to go, speaks its language, and knows where to go without a wish. */
import './scan-login.js'
import { destination } from './scan-login/destination.js'
import { languageFor } from './scan-login/language.js'
import { confirmedForMs } from './scan-login/login-flow.js'
import { dictionaries } from './scan-login/words.js'
import { elementOf, siteName } from './page.js'

const login = elementOf('scan-login', HTMLElement)
// The one thing that is taken from the address: never a ticket, which would be somebody else's.
const returnTo = new URLSearchParams(location.search).get('return_to')
if (returnTo !== null) login.setAttribute('return-to', returnTo)

login.addEventListener('login', (event) => {
  const { returnTo } = /** @type {CustomEvent<import('./scan-login/ticket-api.js').Session>} */ (event).detail
  if (returnTo !== null) return // the element goes there
  setTimeout(() => { location.replace(destination(null, location.href)) }, confirmedForMs)
})

const speak = () => {
  const words = dictionaries[languageFor([login.lang])]
  document.documentElement.lang = words.lang
  document.title = `${words.logInTo} ${siteName}`
}
new MutationObserver(speak).observe(login, { attributeFilter: ['lang'] })
speak()
