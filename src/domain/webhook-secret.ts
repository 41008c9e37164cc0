/** The secrets of a webhook, as standardwebhooks.com writes it: `whsec_` and base64 of 24 to 64 bytes, or the base64 alone. Several, while one takes another's place. */

const shortest = 24
const longest = 64
/** The new one and the old one, and one to spare. */
const most = 3

/** Returns the bytes of one secret, or of several that are separated by commas; null where one is none. */
export const readWebhookSecrets = (text: string): readonly Buffer[] | null => {
  const secrets = text.split(',').flatMap((secret) => readWebhookSecret(secret.trim()) ?? [])
  return secrets.length === text.split(',').length && secrets.length <= most ? secrets : null
}

const readWebhookSecret = (text: string): Buffer | null => {
  const base64 = text.replace(/^whsec_/, '')
  const bytes = Buffer.from(base64, 'base64')
  const isWhole = bytes.toString('base64').replace(/=+$/, '') === base64.replace(/=+$/, '')
  return isWhole && bytes.length >= shortest && bytes.length <= longest ? bytes : null
}
