/** How much is measured. */
export interface Sizes {
  /** At 8 at a time; the first ones are not counted, as the compiler is still at work. */
  readonly logins: number
  readonly warmUp: number
  /** Of an open loop. */
  readonly perSecond: number
  readonly seconds: number
  readonly held: number
  readonly heldFew: number
  readonly heldMany: number
  /** Logins counted on the wire to Redis, one at a time. */
  readonly counted: number
  /** For how long a process is left alone. */
  readonly idleMs: number
  readonly firstCodes: number
  /** What a person takes for a login, in seconds. */
  readonly personSeconds: number
}

export const fullSizes: Sizes = {
  logins: 500,
  warmUp: 250,
  perSecond: 40,
  seconds: 5,
  held: 10_000,
  heldFew: 1_000,
  heldMany: 20_000,
  counted: 50,
  idleMs: 2500,
  firstCodes: 15,
  personSeconds: 15,
}

/** Too small to judge by: shows within a minute that everything still measures. */
export const quickSizes: Sizes = {
  logins: 24,
  warmUp: 8,
  perSecond: 10,
  seconds: 1,
  held: 40,
  heldFew: 10,
  heldMany: 40,
  counted: 3,
  idleMs: 300,
  firstCodes: 2,
  personSeconds: 3,
}
