/** Attackers: with a wrong secret, another browser's secret, or another person's ticket. None of them may succeed. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Screen } from './browser.ts'
import { createCaller, once } from './caller.ts'
import { takePhone, type PhoneRole } from './phone.ts'
import type { Random } from './random.ts'
import type { VisitDeps } from './visit.ts'

/** Calls with a foreign secret for a ticket: at once, and again when it is about to be confirmed. */
export const steal = async (deps: VisitDeps, { actor, random }: { readonly actor: string, readonly random: Random }, { browser: { ticket }, number }: Screen, foreign: string): Promise<void> => {
  const caller = createCaller(deps, actor, random)
  const headers = { authorization: `Ticket ${foreign}` }
  const path = `/api/tickets/${ticket}`
  await once(() => caller.call({ path, headers }))
  await number
  for (let n = 0; n < 3; n++) {
    await sleep(random.integer(0, 20))
    await once(() => caller.call({ method: 'POST', path: `${path}/consume`, headers }))
  }
  await once(() => caller.call({ method: 'DELETE', path, headers }))
}

/** Confirms and cancels a ticket that another person has scanned, with the number on the screen. */
export const forgeConsent = async (deps: VisitDeps, { actor, person, random }: PhoneRole, { browser: { ticket }, number }: Screen): Promise<void> => {
  const phone = await takePhone(deps, createCaller(deps, actor, random), person)
  const shown = await number
  if (phone === undefined || shown === undefined) return
  await Promise.all([once(() => phone.confirm(ticket, shown)), once(() => phone.cancel(ticket))])
}
