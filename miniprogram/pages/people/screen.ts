/** The template data of the owner's page of people. Empty means "not drawn". */
import { listedStates } from '../../utils/answers'
import type { ListedState, Person } from '../../utils/answers'
import { ago } from '../../utils/durations'
import type { Decision } from '../../utils/service'
import type { Words } from '../../utils/words-type'
import { decisionsFor } from './list'
import type { ListView } from './list'

export interface PeopleScreen {
  /** None while people of all states are searched. */
  readonly segments: ReadonlyArray<{ readonly state: ListedState, readonly label: string, readonly isChosen: boolean }>
  /** The list is drawn as a skeleton. */
  readonly loading: boolean
  readonly busy: boolean
  readonly failure: string
  /** Whether trying again may help against it; where not, only the way home is left. */
  readonly retry: boolean
  readonly empty: string
  /** A search may have found only some of those there are. */
  readonly limited: string
  readonly people: readonly PersonRow[]
  /** The button that reads the next page. */
  readonly more: string
  readonly isLoadingMore: boolean
}

export interface PersonRow {
  readonly id: string
  readonly title: string
  /** Empty if it is the title. */
  readonly handle: string
  /** Who they are to this page: a state if all are searched, and whether it is the owner themselves. */
  readonly marks: ReadonlyArray<{ readonly text: string }>
  readonly seen: string
  readonly groups: string
  readonly failure: string
  readonly actions: ReadonlyArray<{ readonly name: Decision, readonly label: string, readonly spoken: string, readonly style: '' | 'small-button--strong' }>
}

/** The service's limit for a search, which has no next page. */
const mostFound = 50

/** `now` is milliseconds since 1970, by the service's clock. */
export const peopleScreenOf = (view: ListView, ownId: string | undefined, words: Words, now: number): PeopleScreen => ({
  segments: view.search !== '' ? [] : listedStates.map((state) => ({ state, label: words.personStates[state], isChosen: state === view.state })),
  loading: view.people === undefined && view.failure === undefined,
  busy: view.busyId !== undefined,
  failure: view.failure === undefined ? '' : words.failures[view.failure],
  retry: view.failure !== 'not-owner' && view.failure !== 'person-blocked' && view.failure !== 'too-old' && view.failure !== 'js-code-invalid',
  empty: view.people?.length === 0 && view.next === null && view.failure === undefined ? (view.search === '' ? words.nobody[view.state] : words.nobodyFound) : '',
  limited: view.search !== '' && (view.people?.length ?? 0) >= mostFound ? words.onlyFirstFound(mostFound) : '',
  people: (view.people ?? []).map((person) => rowOf(person, view, ownId, words, now)),
  more: view.next === null ? '' : words.showMore,
  isLoadingMore: view.isLoadingMore,
})

/** What a person is called: their name, else the handle. */
export const whoIs = ({ name, handle }: Pick<Person, 'name' | 'handle'>): string => name ?? handle

/** The same, at most as wide as twelve Chinese characters: WeChat cuts a toast off after two lines, and what was done stands last in it. */
export const whoIsBriefly = (person: Pick<Person, 'name' | 'handle'>): string => {
  const characters = Array.from(whoIs(person))
  let width = 0
  const end = characters.findIndex((character) => {
    width += character > '\u2e7f' ? 2 : 1
    return width > 24
  })
  // What joins an emoji to the one that was cut off would be left over.
  return end === -1 ? characters.join('') : `${characters.slice(0, end).join('').replace(/(?:\u200d|\ufe0f|\s)+$/, '')}…`
}

const rowOf = (person: Person, { search, refused }: ListView, ownId: string | undefined, words: Words, now: number): PersonRow => {
  const { id, handle, name, state, groups } = person
  const who = whoIs(person)
  const marks = [id === ownId ? words.you : '', search !== '' && state !== 'unknown' ? words.personStates[state] : '']
  return {
    id,
    title: who,
    handle: name === null ? '' : handle,
    marks: marks.filter((text) => text !== '').map((text) => ({ text })),
    seen: seenOf(person, words, now),
    groups: groups.join(' · '),
    failure: refused?.id !== id ? '' : refused.code === 'not-found' ? words.personGone : words.failures[refused.code],
    actions: decisionsFor(person, ownId).map((decision) => {
      const label = labelOf(decision, person, words)
      return { name: decision, label, spoken: `${label} ${who}`, style: decision === 'allow' ? 'small-button--strong' : '' }
    }),
  }
}

const seenOf = ({ firstSeenAt, lastSeenAt }: Person, words: Words, now: number): string => {
  if (firstSeenAt === 0) return words.neverSeen
  const [first, last] = [ago(firstSeenAt, now, words), ago(lastSeenAt, now, words)]
  return first === last ? words.firstSeen(first) : `${words.lastSeen(last)} · ${words.firstSeen(first)}`
}

const labelOf = (decision: Decision, { state }: Person, words: Words): string => {
  switch (decision) {
    case 'allow': return state === 'blocked' ? words.letInAgain : words.letIn
    case 'block': return words.block
    case 'sign-out': return words.signOutPerson
  }
}
