/** What a person can try in the demo besides a login of their own: a phone that scans first, a code that a scammer sends, and sample websites. */
import { part } from './elements.ts'
import { controlOf } from './phone-control.ts'
import type { DemoPhone, Phones } from './phones.ts'
import type { RegistrationChoice } from './registration.ts'
import type { LoginState, SiteFrame } from './site-frame.ts'
import type { DemoWords } from './words.ts'

export interface Tries {
  /** Two phones scan the same code, and the second one is faster. */
  secondPhone (): void
  /** Somebody in another country opens the login page and sends its code. */
  phishing (): void
  /** The list of sample websites. */
  sites (): void
  /** Starts over, with a login of one's own. */
  stop (): void
  /** Says what happened, and what to do now. */
  siteChanged (state: LoginState): void
}

export interface TriesOptions {
  readonly site: SiteFrame
  readonly phones: Phones
  readonly words: DemoWords
  readonly registration: RegistrationChoice
  readonly language: string
}

// Without a prompt the website would go on as the person who has just logged in.
const ownLogin = 'login?prompt=login'
/** What comes through here reaches the service from another country. */
export const farPath = /\/demo\/from\/far\//

export const createTries = ({ site, phones, words, registration, language }: TriesOptions): Tries => {
  let current: 'own' | 'second-phone' | 'phishing' | 'sites' = 'own'
  /** What the person has seen of a try so far. */
  let seen: LoginState | 'sent' | undefined
  /** Whoever starts anew ends what is still on its way. */
  let run = 0

  const noteFor = (state: LoginState): string => {
    const [first, second] = [phones.at(0).person, current === 'second-phone' ? phones.at(1).person : '']
    if (current === 'sites') return words.sitesNote
    if (current === 'own') return state === 'waiting' ? words.leadOf[registration.now()](first) : words.lead[state]
    if (current === 'second-phone') {
      if (state === 'waiting') return words.secondPhoneStarts(first, second)
      return state === 'scanned' ? words.secondPhoneTaken(first, second) : words.lead[state]
    }
    if (state === 'logged-in') return words.phishingSucceeded(first)
    if (state !== 'waiting') return words.phishingAsked
    if (seen === undefined) return words.phishingStarts
    if (seen === 'sent') return words.phishingSent(first)
    return seen === 'logged-in' ? words.phishingUndone : words.phishingRefused(first)
  }
  const siteChanged = (state: LoginState): void => {
    if (current === 'second-phone' && state === 'scanned' && seen !== state) phones.show(phones.at(1))
    if (state !== 'waiting') seen = state
    const note = part('#note')
    const text = noteFor(state)
    if (note.textContent !== text) note.textContent = text // screen readers read it out
  }
  const draw = (): void => {
    part('#note').classList.toggle('lesson', current === 'second-phone' || current === 'phishing')
    part('.steps').classList.toggle('unknown', current === 'sites') // a page of another origin doesn't show how far its login is
    part('.site').classList.toggle('foreign', current === 'phishing')
    part('.site').classList.toggle('sample', current === 'sites')
    part('#whose').hidden = current !== 'phishing'
    part('#whose').textContent = words.scammersComputer
    for (const name of ['second-phone', 'phishing', 'sites']) {
      if (name === current) part(`#${name}`).setAttribute('aria-current', 'true')
      else part(`#${name}`).removeAttribute('aria-current')
    }
    siteChanged(site.state())
  }
  const start = (next: typeof current): number => {
    if ((current === 'phishing') !== (next === 'phishing') || next === 'phishing') phones.replace({ isNear: next === 'phishing' })
    current = next
    seen = undefined
    return ++run
  }
  const scanned = async (): Promise<void> => {
    while (site.state() === 'waiting') await site.changed()
  }

  const secondPhone = async (): Promise<void> => {
    const mine = start('second-phone')
    await registration.choose('open') // or the second phone would be turned away
    if (mine !== run) return
    const pair: readonly DemoPhone[] = [phones.at(0), phones.at(1)]
    site.open(ownLogin)
    draw()
    const [slow, fast] = await Promise.all(pair.map(({ frame }) => controlOf(frame)))
    await site.codeShown()
    if (mine !== run) return
    slow?.scan(scanned())
    fast?.scan()
  }
  const phishing = async (): Promise<void> => {
    const mine = start('phishing')
    const { frame } = phones.at(0)
    site.open(`demo/from/far/${ownLogin}`)
    draw()
    const phone = await controlOf(frame)
    await site.codeShown()
    if (mine !== run) return
    phone.receivePicture()
    seen = 'sent'
    siteChanged(site.state())
  }
  const inBackground = (attempt: () => Promise<void>) => () => { attempt().catch((reason: unknown) => console.error(reason)) }

  return {
    secondPhone: inBackground(secondPhone),
    phishing: inBackground(phishing),
    sites: () => {
      start('sites')
      site.open(`demo/sites?${new URLSearchParams({ lang: language })}`)
      draw()
    },
    stop: () => {
      start('own')
      site.open(ownLogin)
      draw()
    },
    siteChanged,
  }
}
