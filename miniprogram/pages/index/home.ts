/** The home page's state: the person, the browsers they are logged in on, and what the taps do. */
import type { LoggedInBrowser, User } from '../../utils/answers'
import type { KeptLogin } from '../../utils/kept-logins'
import type { FailureCode, Outcome } from '../../utils/outcome'
import type { Service } from '../../utils/service'

export interface HomeView {
  /** Undefined until the service has answered. */
  readonly user: User | undefined
  readonly sessions: readonly LoggedInBrowser[] | undefined
  /** The logins that were confirmed on this phone and whose browsers haven't got in yet. */
  readonly waiting: readonly KeptLogin[]
  /** A change is being sent; further taps do nothing. */
  readonly busy: boolean
  /** The failure of the last call; undefined if it succeeded. */
  readonly failure: FailureCode | undefined
}

export interface Home {
  readonly view: () => HomeView
  /** Reads everything again; the screen stays as it is until the answer comes. */
  read (): Promise<void>
  /** Reads again while a login waits. To be called every few seconds. */
  tick (): Promise<void>
  /** Ends that browser's session. To be called after the person has confirmed it. */
  signOut (sessionId: string): Promise<void>
  /** Ends a login whose browser hasn't got in yet. To be called after the person has confirmed it. */
  endWaiting (ticket: string): Promise<void>
  /** Ends the session of every browser, and logs out every other phone. To be called after the person has confirmed it. */
  signOutEverywhere (): Promise<void>
  /** Resolves with true once the name is saved. */
  rename (name: string): Promise<boolean>
}

export const createHome = (service: Service, onChange: () => void): Home => {
  let view: HomeView = { user: undefined, sessions: undefined, waiting: service.waitingLogins(), busy: false, failure: undefined }
  /** Incremented by each read and each change: lists that were requested before are ignored. */
  let lastCall = 0

  const show = (change: Partial<HomeView>): void => {
    view = { ...view, ...change, waiting: service.waitingLogins() }
    onChange()
  }

  const read = async (): Promise<void> => {
    const thisCall = ++lastCall
    const sessions = await service.sessions()
    if (thisCall !== lastCall) return
    const user = service.user() ?? view.user
    show(sessions.ok ? { user, sessions: sessions.value, failure: undefined } : { user, failure: sessions.code })
    if (!sessions.ok || view.waiting.length === 0 || !await service.checkWaitingLogins() || thisCall !== lastCall) return
    await read() // who has got in meanwhile is in the list now
  }

  /** Ends browsers' sessions; removes from the list those that `stays` returns false for. */
  const signOutOf = async (signOut: () => Promise<Outcome<true>>, stays: (session: LoggedInBrowser) => boolean): Promise<void> => {
    if (view.busy) return
    lastCall++ // a list that was requested before still has the browser
    show({ busy: true, failure: undefined })
    const outcome = await signOut()
    lastCall++ // and so may one that was requested meanwhile
    if (!outcome.ok) return show({ busy: false, failure: outcome.code })
    show({ busy: false, sessions: view.sessions?.filter(stays) })
  }

  return {
    view: () => view,
    read,
    tick: async () => {
      if (view.waiting.length > 0 && !view.busy) await read()
    },
    signOut: (sessionId) => signOutOf(() => service.signOut(sessionId), ({ id }) => id !== sessionId),
    endWaiting: async (ticket) => {
      const session = view.waiting.find((login) => login.ticket === ticket)?.session
      await signOutOf(() => service.endLogin(ticket, session), ({ id }) => id !== session)
    },
    signOutEverywhere: () => signOutOf(service.signOutEverywhere, () => false),
    rename: async (name) => {
      if (view.user === undefined || view.busy) return false
      lastCall++
      show({ busy: true, failure: undefined })
      const outcome = await service.rename(name)
      lastCall++
      show(outcome.ok ? { busy: false, user: { sub: view.user.sub, name: outcome.value } } : { busy: false, failure: outcome.code })
      return outcome.ok
    },
  }
}
