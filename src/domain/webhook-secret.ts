/** The secret of a webhook, as standardwebhooks.com writes it: `whsec_` and base64 of 24 to 64 bytes, or the base64 alone. */

const shortest = 24
const longest = 64

/** Returns the bytes; null where the text is none. */
export const readWebhookSecret = (text: string): Buffer | null => {
  const base64 = text.replace(/^whsec_/, '')
  const bytes = Buffer.from(base64, 'base64')
  const isWhole = bytes.toString('base64').replace(/=+$/, '') === base64.replace(/=+$/, '')
  return isWhole && bytes.length >= shortest && bytes.length <= longest ? bytes : null
}
