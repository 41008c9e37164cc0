import type { Server } from 'node:http'

/** Follows which code was fetched last, and returns a function that tells its ticket: what a camera sees of a page that the phone's frame can't read. */
export const newestTicketOn = (server: Server): () => string | undefined => {
  let newest: string | undefined
  server.on('request', ({ method, url = '' }) => {
    const [, ticket] = /\/api\/tickets\/([\w-]{22})\/code(?:\?|$)/.exec(url) ?? []
    if (method === 'GET' && ticket !== undefined) newest = ticket
  })
  return () => newest
}
