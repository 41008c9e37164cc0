/** The home page's state: the person, the browsers they are logged in on, and what the taps do. */
import type { LoggedInBrowser, PersonState, Registration, User } from '../../utils/answers'
import type { KeptLogin } from '../../utils/kept-logins'
import type { FailureCode, Outcome } from '../../utils/outcome'
import type { Service } from '../../utils/service'

export interface HomeView {
  /** Undefined until the service has answered. */
  readonly user: User | undefined
  readonly sessions: readonly LoggedInBrowser[] | undefined
  /** Who may come in; `open` until the service has answered. */
  readonly registration: Registration
  /** Whether this person may; undefined until the service has answered. */
  readonly state: PersonState | undefined
  /** How many people wait to be let in; undefined to whoever is no owner. */
  readonly peopleWaiting: number | undefined
  /** The logins that were confirmed on this phone and whose browsers haven't got in yet. */
  readonly waiting: readonly KeptLogin[]
  /** A change is being sent; further taps do nothing. */
  readonly busy: boolean
  /** The failure of the last call; undefined if it succeeded. */
  readonly failure: FailureCode | undefined
  /** All that the service had of this person is deleted, and the phone has no key any more. */
  readonly isErased: boolean
}

export const nothingYet: HomeView = { user: undefined, sessions: undefined, registration: 'open', state: undefined, peopleWaiting: undefined, waiting: [], busy: false, failure: undefined, isErased: false }

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
  /** Deletes all that the service has of this person. To be called after the person has confirmed it. */
  erase (): Promise<void>
  /** Resolves with true once the name is saved. */
  rename (name: string): Promise<boolean>
}

export const createHome = (service: Service, onChange: () => void): Home => {
  let view: HomeView = { ...nothingYet, waiting: service.waitingLogins() }
  /** Incremented by each read and each change: lists that were requested before are ignored. */
  let lastCall = 0

  const show = (change: Partial<HomeView>): void => {
    view = { ...view, ...change, waiting: service.waitingLogins() }
    onChange()
  }

  /** What a failed call leaves on the screen. Being blocked is no failure to try again after: it is what there is to say. */
  const showFailure = (code: FailureCode): void =>
    show(code === 'person-blocked' ? { busy: false, state: 'blocked', sessions: [], peopleWaiting: undefined, failure: undefined } : { busy: false, failure: code })

  const read = async (): Promise<void> => {
    if (view.busy) return // what the change leaves is drawn when it is done
    if (view.isErased) show(nothingYet) // from here on somebody new
    const thisCall = ++lastCall
    const overview = await service.overview()
    if (thisCall !== lastCall) return
    const user = service.user() ?? view.user
    if (overview.ok) show({ user, ...overview.value, failure: undefined })
    else {
      view = { ...view, user }
      showFailure(overview.code)
    }
    if (!overview.ok || view.waiting.length === 0 || !await service.checkWaitingLogins() || thisCall !== lastCall) return
    await read() // who has got in meanwhile is in the list now
  }

  /** Ends browsers' sessions; removes from the list those that `stays` returns false for. */
  const signOutOf = async (signOut: () => Promise<Outcome<true>>, stays: (session: LoggedInBrowser) => boolean): Promise<void> => {
    if (view.busy) return
    lastCall++ // a list that was requested before still has the browser
    show({ busy: true, failure: undefined })
    const outcome = await signOut()
    lastCall++ // and so may one that was requested meanwhile
    if (!outcome.ok) return showFailure(outcome.code)
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
    erase: async () => {
      if (view.busy) return
      lastCall++
      show({ busy: true, failure: undefined })
      const outcome = await service.eraseMe()
      lastCall++
      if (!outcome.ok) return showFailure(outcome.code)
      show({ ...nothingYet, state: view.state, isErased: true })
    },
    rename: async (name) => {
      if (view.user === undefined || view.busy) return false
      lastCall++
      show({ busy: true, failure: undefined })
      const outcome = await service.rename(name)
      lastCall++
      if (outcome.ok) show({ busy: false, user: { sub: view.user.sub, name: outcome.value } })
      else showFailure(outcome.code)
      return outcome.ok
    },
  }
}
