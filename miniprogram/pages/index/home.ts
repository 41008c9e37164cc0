/** Owns the home screen's knowledge: who this phone is, where it is logged in, and what the taps there do. Knows no wx and draws nothing. */
import type { FailureCode, LoggedInBrowser, Outcome, User } from '../../utils/answers'
import type { Service } from '../../utils/service'

export interface HomeView {
  /** Undefined until the service has said so. */
  readonly user: User | undefined
  readonly sessions: readonly LoggedInBrowser[] | undefined
  /** A change is on its way; further taps do nothing. */
  readonly busy: boolean
  /** The last call's failure. */
  readonly failure: FailureCode | undefined
  /** The name was just stored. */
  readonly saved: boolean
}

export interface Home {
  readonly view: () => HomeView
  /** Reads everything anew; what is on the screen stays until the answer is there. */
  read (): Promise<void>
  /** The person types: what was said of the name before is past. */
  edited (): void
  /** Logs that browser out. To be called once the person has confirmed it. */
  signOut (sessionId: string): Promise<void>
  /** Logs out every browser and every other phone. To be called once the person has confirmed it. */
  signOutEverywhere (): Promise<void>
  rename (name: string): Promise<void>
}

export const createHome = (service: Service, changed: () => void): Home => {
  let view: HomeView = { user: undefined, sessions: undefined, busy: false, failure: undefined, saved: false }
  /** Grows with each reading; an earlier one no longer counts. */
  let turn = 0

  const show = (change: Partial<HomeView>): void => {
    view = { ...view, ...change }
    changed()
  }

  const read = async (): Promise<void> => {
    const mine = ++turn
    const sessions = await service.sessions()
    if (mine !== turn) return
    const user = service.user() ?? view.user
    show(sessions.ok ? { user, sessions: sessions.value, failure: undefined, saved: false } : { user, failure: sessions.code, saved: false })
  }

  /** Logs browsers out; those that `stays` says no to are gone from the list then. */
  const leave = async (signOut: () => Promise<Outcome<true>>, stays: (session: LoggedInBrowser) => boolean): Promise<void> => {
    if (view.busy) return
    turn++ // a list that was asked for before would bring the browser back
    show({ busy: true, failure: undefined, saved: false })
    const outcome = await signOut()
    turn++ // and one that was asked for meanwhile
    if (!outcome.ok) return show({ busy: false, failure: outcome.code })
    show({ busy: false, sessions: view.sessions?.filter(stays) })
  }

  return {
    view: () => view,
    read,
    edited: () => { if (view.saved) show({ saved: false }) },
    signOut: (sessionId) => leave(() => service.signOut(sessionId), ({ id }) => id !== sessionId),
    signOutEverywhere: () => leave(service.signOutEverywhere, () => false),
    rename: async (name) => {
      if (view.user === undefined || view.busy) return
      turn++
      show({ busy: true, failure: undefined, saved: false })
      const outcome = await service.rename(name)
      turn++
      if (!outcome.ok) return show({ busy: false, failure: outcome.code })
      show({ busy: false, saved: true, user: { sub: view.user.sub, name: outcome.value } })
    },
  }
}
