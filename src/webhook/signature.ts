/** The signature of standardwebhooks.com: HMAC-SHA256 over id, time and body. */
import { createHmac, type KeyObject } from 'node:crypto'

export interface SignedMessage {
  readonly id: string
  /** Seconds since 1970: when this try is made. */
  readonly timestamp: number
  readonly body: string
}

/** Returns the headers by which a receiver knows the message, and that it is ours. */
export const signatureHeaders = (key: KeyObject, { id, timestamp, body }: SignedMessage): Readonly<Record<string, string>> => ({
  'webhook-id': id,
  'webhook-timestamp': String(timestamp),
  'webhook-signature': `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`,
})
