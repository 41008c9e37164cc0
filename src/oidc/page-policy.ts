/**
 * The Content Security Policy of the provider's pages. `form-action` names each origin that a form's answer leads to: Chrome applies it to the redirects after a form
 * was sent, too, and stops there without a word.
 */

export interface PolicyOptions {
  /** Whether a page of ours may show the page inside a frame. */
  readonly isFramedByOwnPages: boolean
}

/** Returns the policy of a page whose forms lead to these addresses. No script runs but one that the provider adds by its hash. */
export const pagePolicy = (formUris: readonly string[], { isFramedByOwnPages }: PolicyOptions): string => [
  "default-src 'none'",
  'script-src', // empty, which is 'none': the provider adds the hash of the script that it writes into a form
  "style-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  formAction(formUris),
  "require-trusted-types-for 'script'",
  `frame-ancestors ${isFramedByOwnPages ? "'self'" : "'none'"}`,
].join(';')

/** Admits the addresses of a form in a policy of `pagePolicy` that admits none. */
export const withFormUris = (policy: string, formUris: readonly string[]): string => policy.replace(formAction([]), () => formAction(formUris))

const formAction = (uris: readonly string[]): string => `form-action ${uris.length === 0 ? "'none'" : [...new Set(uris.map(sourceOf))].join(' ')}`

/** A policy can't name the hosts of apps' own schemes, and no IPv6 address (CSP3 §2.3.1): the scheme stands for them. */
const sourceOf = (uri: string): string => {
  const { protocol, origin, hostname } = new URL(uri)
  return origin === 'null' || hostname.startsWith('[') ? protocol : origin
}
