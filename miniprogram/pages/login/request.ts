/** What the login page says of the site and the browser that ask, and the warnings about them. */
import type { Offer } from '../../utils/answers'
import { breakAtDots } from '../../utils/breaks'
import { ago } from '../../utils/durations'
import { placeIn } from '../../utils/words'
import type { Words } from '../../utils/words-type'

export interface Request {
  readonly title: string
  /** Where the browser is, or its network if the place isn't known. */
  readonly where: string
  readonly about: string
  /** `where` is in another country than the phone. */
  readonly isFar: boolean
  readonly isPhone: boolean
  readonly addressBar: string
  readonly address: Address
  /** The service that logs people in for the site, if that is another; or where the app is that the login goes on to. */
  readonly through: string
  readonly warnings: readonly Warning[]
  /** A fact that is no warning. */
  readonly note: string
  /** What the site gets, on a first login. */
  readonly siteGets: string
  /** Title, address and warnings for screen readers, in the order in which they matter. */
  readonly spoken: string
}

export interface Sentence { readonly text: string }

export interface Warning extends Sentence {
  /** What is odd, and not what that may mean or what to do. */
  readonly isFact: boolean
}

/** As in an address bar, to be compared with it: without `https://`. */
export interface Address {
  readonly host: string
  /** `http://` for a site without encryption, so that it is recognisable. */
  readonly scheme: string
  /** The host in the parts between which a line may break. */
  readonly parts: readonly Sentence[]
}

/** Whether the login page seems to be on the phone that shows this, behind WeChat. With the camera it was another phone's screen. */
export const isHere = ({ isSamePhone }: Offer, isFromCamera: boolean): boolean => isSamePhone && !isFromCamera

export const requestOf = (offer: Offer, isFirst: boolean, words: Words, now: number, isFromCamera: boolean): Request => {
  const { site, browser } = offer
  const place = placeIn(words, browser)
  const network = browser.network ?? ''
  const address = addressOf(site.origin)
  const title = words.askTitle(site.name, browser.name, browser.system)
  const warnings = warningsOf(offer, words, isFromCamera)
  return {
    title: breakAtDots(title),
    where: place ?? network,
    about: [ago(offer.createdAt, now, words), browser.name, browser.system, place === null ? '' : network].filter((part) => part !== '').join(' · '),
    isFar: offer.isOtherCountry && place !== null,
    isPhone: offer.isPhone,
    addressBar: words.addressBar,
    address,
    through: breakAtDots(throughOf(site, words)),
    warnings,
    note: isHere(offer, isFromCamera) ? words.samePhone : '',
    siteGets: isFirst ? words.whatSiteGets : '',
    spoken: [title, `${words.addressBar} ${address.scheme}${address.host}`, ...warnings.map(({ text }) => text)].join('\n'),
  }
}

const throughOf = ({ origin, service, app }: Offer['site'], words: Words): string => {
  if (app !== undefined) return words.leadsTo(addressOf(app).host)
  return service === origin ? '' : words.through(addressOf(service).host)
}

export const addressOf = (origin: string): Address => {
  const [scheme = '', host = ''] = /^(\w+:\/\/)?(.*)$/.exec(origin)?.slice(1) ?? []
  const isPlain = scheme === 'http://' && !/^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/.test(host)
  return { host, scheme: isPlain ? scheme : '', parts: host.split(/(?=\.)/).map((text) => ({ text })) }
}

const warningsOf = (offer: Offer, words: Words, isFromCamera: boolean): readonly Warning[] => {
  const fact = (text: string): Warning => ({ text, isFact: true })
  const odd = [
    ...isFromCamera || offer.isSamePhone ? [] : [fact(words.notScanned), { text: words.maybeSent, isFact: false }],
    ...offer.isOtherCountry ? [fact(otherCountry(offer, words))] : [],
  ]
  return odd.length === 0 ? [] : [...odd, { text: words.oddHelp, isFact: false }]
}

const otherCountry = ({ browser, phonePlace, phonePlaceEn }: Offer, words: Words): string => {
  const there = placeIn(words, browser)
  const here = placeIn(words, { place: phonePlace, placeEn: phonePlaceEn })
  return there === null || here === null ? words.otherCountry : words.otherPlaces(there, here)
}
