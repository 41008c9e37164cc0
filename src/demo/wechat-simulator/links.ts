/** Owns the URL Links of the simulator: what each opens, until its end, and the page that a browser finds there in place of WeChat's. */
import { randomBytes } from 'node:crypto'
import type { Clock } from '../../login/ports.ts'
import type { LinkRequest } from './link-request.ts'

export interface Links {
  /** Keeps a link and gives its id. */
  add (link: LinkRequest): string
  /** What a browser is told by this link, as plain text; undefined where there is no such link, or none any more. */
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
