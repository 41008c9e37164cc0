/** URL Links: what each opens until it expires, and the page that a browser gets there instead of WeChat's. */
import { randomBytes } from 'node:crypto'
import type { Clock } from '../../login/ports.ts'
import type { LinkRequest } from './link-request.ts'

export interface Links {
  /** Stores a link and returns its id. */
  add (link: LinkRequest): string
  /** The page at a link, as plain text; undefined if the link is unknown or has expired. */
  pageOf (id: string): string | undefined
}

export const createLinks = (clock: Pick<Clock, 'now'>): Links => {
  const links = new Map<string, LinkRequest>()
  return {
    add: (link) => {
      for (const [id, { expiresAt }] of links) {
        if (expiresAt <= clock.now()) links.delete(id)
      }
      const id = randomBytes(9).toString('base64url')
      links.set(id, link)
      return id
    },
    pageOf: (id) => {
      const link = links.get(id)
      return link === undefined || link.expiresAt <= clock.now() ? undefined : `On a phone this opens WeChat, with ${link.target}\n`
    },
  }
}
