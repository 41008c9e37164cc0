/** Owns what tests read of the login page in a real browser, in a document as in the open shadow roots of its elements. Changes nothing there. */
import type { Tab } from './real-browser.ts'

export interface LoginPage {
  /** The path of the page that is there. */
  readonly path: string
  /** The ticket of the code on the screen. */
  readonly ticket: string | null
  /** The two digits, while they are there. */
  readonly number: string | null
  /** How many polls this page knows the end of. */
  readonly polls: number
  /** Whether somebody could see it. */
  readonly visible: boolean
  /** All its lines. */
  readonly says: string
}

/** Reads the page as it is at this moment. */
export const readLoginPage = async (tab: Tab): Promise<LoginPage> => await tab.evaluate(reading) as LoginPage // what the script below makes

const reading = `(() => {
  const all = (root, selector) => [
    ...root.querySelectorAll(selector),
    ...[...root.querySelectorAll('*')].flatMap((element) => element.shadowRoot ? all(element.shadowRoot, selector) : []),
  ]
  const here = (selector) => all(document, selector).filter((element) => !element.closest('.leaving'))
  const number = here('.number')[0]
  const code = here('img.code-image')[0]
  const ticket = code && /\\/api\\/tickets\\/([\\w-]{22})\\/code/.exec(code.src)
  return {
    path: location.pathname,
    ticket: ticket ? ticket[1] : null,
    number: number && /^\\d\\d$/.test(number.textContent.trim()) ? number.textContent.trim() : null,
    polls: performance.getEntriesByType('resource').filter(({ name }) => /\\/api\\/tickets\\/[\\w-]{22}\\?/.test(name)).length,
    visible: document.visibilityState === 'visible',
    says: [document.title, ...here('[role=status], .help').map((element) => element.textContent.trim())].filter(Boolean).join(' | '),
  }
})()`

/** What `longestHold` is where nothing was ever cut off. */
export const defaultHoldSeconds = 55

/** For how long, at the most, the page in this tab holds its polls, by what it has learned about its network. Seconds. */
export const learnedHoldSeconds = async (tab: Tab): Promise<number> => {
  const learned = await tab.evaluate("Object.entries(localStorage).find(([key]) => key.startsWith('scan-login-hold'))?.[1] ?? 'null'") as string // as JSON
  return (JSON.parse(learned) as { readonly ceiling: number } | null)?.ceiling ?? defaultHoldSeconds
}
