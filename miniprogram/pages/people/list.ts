/** The state of the owner's page of people: which are listed, and what an owner's taps do. */
import type { ListedState, PeoplePage, Person } from '../../utils/answers'
import type { FailureCode, Outcome } from '../../utils/outcome'
import type { Decision, Service } from '../../utils/service'

export interface ListView {
  readonly state: ListedState
  /** What is searched for, among the people of all states; empty while one state is listed. */
  readonly search: string
  /** Undefined until the service has answered. */
  readonly people: readonly Person[] | undefined
  /** What to ask for the next page with; null on the last. */
  readonly next: string | null
  readonly isLoadingMore: boolean
  /** Why the list, or its next page, could not be read; undefined if it could. */
  readonly failure: FailureCode | undefined
  /** Whom a decision is being sent about; further taps do nothing. */
  readonly busyId: string | undefined
  /** The last decision that failed, and why. */
  readonly refused: { readonly id: string, readonly code: FailureCode } | undefined
}

export interface PeopleList {
  readonly view: () => ListView
  /** The person who looks at the list, as the service knows them. */
  readonly ownId: () => string | undefined
  /** Lists the people of a state. */
  choose (state: ListedState): Promise<void>
  /** Finds people of all states; an empty text lists one state again. */
  find (text: string): Promise<void>
  /** Reads the list anew; the screen stays as it is until the answer comes. */
  refresh (): Promise<void>
  /** Reads the next page, if there is one. */
  more (): Promise<void>
  /** Reads again what could not be read. */
  retry (): Promise<void>
  /** Whether a decision about this person makes sense, as the list stands. */
  mayDecide (id: string, decision: Decision): boolean
  /** Sends a decision. Resolves with the person once it is carried out; the list is changed by then. A block or a sign-out is to be confirmed before. */
  decide (id: string, decision: Decision): Promise<Person | undefined>
}

export const createPeopleList = (service: Service, state: ListedState, onChange: () => void): PeopleList => {
  let view: ListView = { state, search: '', people: undefined, next: null, isLoadingMore: false, failure: undefined, busyId: undefined, refused: undefined }
  /** Incremented by each read and each decision: answers to earlier reads are ignored. */
  let lastCall = 0
  /** The last read that failed was that of the next page. */
  let hasMoreFailed = false
  /** Was typed while a decision was being sent. */
  let pendingSearch: string | undefined

  const show = (change: Partial<ListView>): void => {
    view = { ...view, ...change }
    onChange()
  }

  const ask = (after: string | null): Promise<Outcome<PeoplePage>> =>
    view.search === '' ? service.people(view.state, after) : service.findPeople(view.search)

  const refresh = async (): Promise<void> => {
    if (view.busyId !== undefined) return // what it leaves is drawn when it is done
    const thisCall = ++lastCall
    if (view.people === undefined) show({ failure: undefined })
    const outcome = await ask(null)
    if (thisCall !== lastCall) return
    hasMoreFailed = false
    if (outcome.ok) show({ ...outcome.value, isLoadingMore: false, failure: undefined, refused: undefined })
    else show({ isLoadingMore: false, failure: outcome.code, ...leftAfter(outcome.code) })
  }

  const more = async (): Promise<void> => {
    const { next, busyId, isLoadingMore, people = [] } = view
    if (next === null || busyId !== undefined || isLoadingMore) return
    const thisCall = ++lastCall
    show({ isLoadingMore: true, failure: undefined })
    const outcome = await ask(next)
    if (thisCall !== lastCall) return
    hasMoreFailed = !outcome.ok
    if (!outcome.ok) return show({ isLoadingMore: false, failure: outcome.code, ...leftAfter(outcome.code) })
    // Whom a decision has moved meanwhile may be on two pages.
    const known = new Set(people.map(({ id }) => id))
    show({ isLoadingMore: false, people: [...people, ...outcome.value.people.filter(({ id }) => !known.has(id))], next: outcome.value.next })
  }

  const restart = async (change: Partial<ListView>): Promise<void> => {
    if (view.busyId !== undefined) return
    show({ ...change, people: undefined, next: null, isLoadingMore: false, failure: undefined, refused: undefined })
    await refresh()
  }

  const ownId = (): string | undefined => service.user()?.sub

  const mayDecide = (id: string, decision: Decision): boolean => {
    const person = view.people?.find((one) => one.id === id)
    if (view.busyId !== undefined || person === undefined) return false
    return decisionsFor(person, ownId()).includes(decision)
  }

  const find = async (text: string): Promise<void> => {
    const search = searchable(text)
    pendingSearch = view.busyId === undefined ? undefined : search
    if (search !== view.search) await restart({ search })
  }

  const findPending = async (): Promise<void> => {
    if (pendingSearch !== undefined) await find(pendingSearch)
  }

  return {
    view: () => view,
    ownId,
    choose: async (state) => {
      if (state !== view.state || view.search !== '') await restart({ state, search: '' })
    },
    find,
    refresh,
    more,
    retry: () => hasMoreFailed ? more() : refresh(),
    mayDecide,
    decide: async (id, decision) => {
      if (!mayDecide(id, decision)) return undefined
      lastCall++ // a list that was requested before has the person as they were
      show({ busyId: id, isLoadingMore: false, refused: undefined })
      const outcome = await service.decide(id, decision)
      lastCall++
      if (!outcome.ok) {
        const left = leftAfter(outcome.code)
        show({ busyId: undefined, ...(left === undefined ? { refused: { id, code: outcome.code } } : { ...left, failure: outcome.code }) })
        await findPending()
        return undefined
      }
      const person = outcome.value
      const stays = view.search !== '' || person.state === view.state
      show({ busyId: undefined, people: view.people?.flatMap((one) => one.id !== id ? one : stays ? person : []) })
      await findPending()
      return person
    },
  }
}

/** Whoever is no owner any more sees nobody any more. */
const leftAfter = (code: FailureCode): Pick<ListView, 'people' | 'next'> | undefined =>
  code === 'not-owner' || code === 'person-blocked' ? { people: [], next: null } : undefined

/** What an owner may do with a person. With themselves nothing: nobody can lock themselves out here, and their own logins are on the home page. */
export const decisionsFor = ({ id, state }: Person, ownId: string | undefined): readonly Decision[] => {
  if (id === ownId) return []
  switch (state) {
    case 'waiting': return ['allow', 'block']
    case 'active': return ['sign-out', 'block']
    case 'blocked': return ['allow']
    case 'unknown': return []
  }
}

/** At most 64 characters, the service's limit, and no half of one: an input may cut an emoji. */
const searchable = (text: string): string => Array.from(text.trim()).filter((character) => !/^[\ud800-\udfff]$/.test(character)).join('').slice(0, 64)
