import type { Tab } from './real-browser.ts'

/** What a login page shows, in its document and in open shadow roots. */
export interface LoginPage {
  readonly path: string
  /** The ticket of the code that is shown. */
  readonly ticket: string | null
  /** The number, while it is shown. */
  readonly number: string | null
  /** How many polls have ended, as the page sees it. */
  readonly polls: number
  readonly visible: boolean
  /** Title, status line and help. */
  readonly says: string
}

/** Reads the page without changing it. */
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

/** The longest hold of a page whose polls were never cut off. */
export const defaultHoldSeconds = 55

/** Returns how long, at most, the page in a tab asks for its polls to be held, after what it has learned about its network. */
export const learnedHoldSeconds = async (tab: Tab): Promise<number> => {
  const learned = await tab.evaluate("Object.entries(localStorage).find(([key]) => key.startsWith('scan-login-hold'))?.[1] ?? 'null'") as string // as JSON
  return (JSON.parse(learned) as { readonly ceiling: number } | null)?.ceiling ?? defaultHoldSeconds
}
