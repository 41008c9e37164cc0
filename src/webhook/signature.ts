/** The signatures of standardwebhooks.com: HMAC-SHA256 over id, time and body. */
import { createHmac, type KeyObject } from 'node:crypto'

export interface SignedMessage {
  readonly id: string
  /** Seconds since 1970: when this try is made. */
  readonly timestamp: number
  readonly body: string
}

/** Returns the headers by which a receiver knows the message, and that it is ours: a signature by each key, as receivers may know only one of them. */
export const signatureHeaders = (keys: readonly KeyObject[], { id, timestamp, body }: SignedMessage): Readonly<Record<string, string>> => ({
  'webhook-id': id,
  'webhook-timestamp': String(timestamp),
  'webhook-signature': keys.map((key) => `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`).join(' '),
})
