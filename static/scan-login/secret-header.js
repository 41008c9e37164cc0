/** The header in which a ticket's secret is shown, so that it passes whatever is on the way and reaches an instance that knows the header. */
import { jsonOf, problemCodeOf } from './answer.js'

/** `Authorization` would displace a browser's password for a proxy (HTTP Basic). */
const ownHeader = 'X-Ticket-Secret'

/**
 * Makes a `fetch` that shows a secret. On the service's own pages it is in our own header. Instances of older releases don't know that one, and answer as if
 * the ticket were unknown: such an answer is believed once it is given to `Authorization`, too. On another site's page `Authorization` costs nothing, and our
 * own header is used once something on the way has refused it.
 * @param {{ fetch: typeof fetch, isOwnPage: boolean }} dependencies
 */
export const createFetchWithSecret = ({ fetch, isOwnPage }) => {
  let header = isOwnPage ? ownHeader : 'Authorization'

  /** @param {string} name @param {string} url @param {RequestInit} request @param {string} secret */
  const send = (name, url, request, secret) => name === ownHeader
    ? fetch(request.method === undefined ? `${url}&poll=${unguessable()}` : url, { ...request, headers: { ...request.headers, [ownHeader]: secret } })
    : fetch(url, { ...request, headers: { ...request.headers, Authorization: `Ticket ${secret}` } })

  /** @param {string} url a GET's has a query @param {RequestInit} request @param {string} secret */
  return async (url, request, secret) => {
    const shown = header
    const response = await send(shown, url, request, secret)
    if (shown !== ownHeader && await isOfSomethingElse(response)) header = ownHeader
    if (shown !== ownHeader || !await maybeOfOlderInstance(response)) return response
    const second = await send('Authorization', url, request, secret)
    if (second.ok) header = 'Authorization'
    return await isOfSomethingElse(second) ? response : second
  }
}

/** Caches that ignore `Cache-Control` and know nothing of our header could have kept a stranger's answer at a poll's address. */
const unguessable = () => crypto.getRandomValues(new Uint32Array(2)).join('')

/** Whether a proxy or gateway refuses the header. @param {Response} response */
const isOfSomethingElse = async (response) => response.status === 401 && await codeOf(response) === ''

/** Instances that know our header name it in `Vary`. @param {Response} response */
const maybeOfOlderInstance = async (response) =>
  response.status === 404 && !/\bx-ticket-secret\b/i.test(response.headers.get('Vary') ?? '') && await codeOf(response) === 'ticket-not-found'

/** @param {Response} response */
const codeOf = async (response) => problemCodeOf(response, await jsonOf(response.clone()))
