/** The settings of the site whose screens are photographed: it uses whatever a site may set. */
import { writeFileSync } from 'node:fs'
import { encode } from 'fast-png'
import { makeFolder } from '../support/service-process.ts'
import type { TeardownScope } from '../support/teardown-scope.ts'

/** Long, so that no ticket ends while it is photographed. */
export const ticketLifeMs = 3_600_000

export const siteWithAll = (t: TeardownScope): Readonly<Record<string, string>> => {
  const logo = `${makeFolder(t)}/logo.png`
  const size = 80
  writeFileSync(logo, encode({ width: size, height: size, channels: 3, depth: 8, data: Uint8Array.from({ length: size * size * 3 }, (_, at) => [46, 125 + Math.floor(at / (size * 6)), 140][at % 3] ?? 0) }))
  return {
    SITE_NAME: '小岛笔记 Island Notes',
    SITE_LOGO: logo,
    SITE_PRIVACY_URL: 'https://example.com/privacy',
    SITE_TERMS_URL: 'https://example.com/terms',
    ALLOWED_ORIGINS: 'https://notes.example.com', // the signed-in page leads there
    OTHER_LOGIN_URL: 'https://example.com/login',
    TICKET_TTL: `${ticketLifeMs / 1000}`,
  }
}
