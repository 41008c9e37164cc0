/** Visitors with an address each: a service has limits for each address and each network. */

/** 198.18.0.0/15, which is for measuring (RFC 2544). */
export const addressOf = (n: number): string => `198.${18 + (n >> 16) % 2}.${(n >> 8) % 256}.${n % 256}`

let visitors = 0

/** Returns the number of the next visitor of this run. */
export const nextVisitor = (): number => visitors++
