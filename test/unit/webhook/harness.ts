/** Webhooks on a real store, with a fake clock or the machine's. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { randomBytes } from '../../../src/domain/random-pool.ts'
import type { LoggedStep } from '../../../src/login/audit.ts'
import type { Store } from '../../../src/login/store-port.ts'
import { createStore } from '../../../src/stores/store.ts'
import { openWebhook, type QueueOptions, type Webhook } from '../../../src/webhook/webhook.ts'
import { createFakeClock, whileTimePasses, type FakeClock } from '../../support/fake-clock.ts'
import { createRecordingLog } from '../../support/recording-log.ts'
import { settle } from '../../support/waiting.ts'
import { startReceiver, webhookSecret, type WebhookReceiver } from '../../support/webhook-receiver.ts'

export const sealingKey = Buffer.alloc(32, 7)

/** A numbered step of a person. */
export const stepOf = (sub: string, n: number): LoggedStep => ({ event: 'ticket.scanned', sub, n } as LoggedStep)

export const logOf = () => {
  const lines: Array<{ level: string, message: string, fields: Readonly<Record<string, unknown>> }> = []
  const at = (level: string) => (fields: object, message: string) => { lines.push({ level, message, fields: { ...fields } }) }
  return { lines, info: at('info'), warn: at('warn'), error: at('error') }
}

export const openOn = (t: Test, store: Store, clock: FakeClock, receiver: Pick<WebhookReceiver, 'url'>, log: QueueOptions['log'] = createRecordingLog(), secret = webhookSecret): Webhook => {
  const webhook = openWebhook(store, { url: receiver.url, secret, proxy: null, sealingKey, clock, random: randomBytes, log })
  t.teardown(() => whileTimePasses(clock, webhook.close()))
  return webhook
}

/** A webhook in a world of its own; the clock starts now, as receivers check timestamps. */
export const openHarness = async (t: Test) => {
  const clock = createFakeClock(Date.now())
  const receiver = await startReceiver(t, clock)
  const log = logOf()
  const store = createStore('sqlite::memory:', { clock, log: createRecordingLog() })
  t.teardown(() => store.close())
  return { clock, receiver, log, store, webhook: openOn(t, store, clock, receiver, log) }
}

/** The real calls of one step of the clock need some real time: on a busy machine a whole day of the clock would pass during one of them. */
const realMsOfStep = 4

/** Moves the clock on, a second at a time, and lets real calls happen meanwhile. */
export const pass = async (clock: FakeClock, ms: number, stepMs = 1000): Promise<void> => {
  for (let left = ms; left > 0; left -= stepMs) {
    clock.advance(Math.min(stepMs, left))
    await sleep(realMsOfStep)
    await settle() // receiver and store are in this process
  }
}

/** Moves the clock on until a condition holds. Rejects where it doesn't within a day, after which steps are given up. */
export const passUntil = async (clock: FakeClock, isSo: () => boolean, stepMs = 250): Promise<void> => {
  const giveUpAt = clock.now() + 86_400_000
  while (!isSo()) {
    if (clock.now() > giveUpAt) throw new Error('it did not come about within a day')
    await pass(clock, stepMs, stepMs)
  }
}

/** Whether a text is anywhere in the store's lists and values of the webhook. */
export const namesLeft = (store: Store): Promise<number> => store.lengthOfList('webhook')
