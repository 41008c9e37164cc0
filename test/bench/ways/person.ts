/** Who logs in. Visitors have an address each: a service has limits for each address and each network. */

/** 198.18.0.0/15, which is for measuring (RFC 2544). */
export const addressOf = (n: number): string => `198.${18 + (n >> 16) % 2}.${(n >> 8) % 256}.${n % 256}`

let visitors = 0

/** Returns the number of the next visitor of this run. */
export const nextVisitor = (): number => visitors++

/** The people of a service. */
export interface People {
  /** Lends a person who isn't logging in now until the work is over: somebody who was never here, or the one whose last login is the longest ago. */
  use<T> (isNewcomer: boolean, work: (person: string) => Promise<T>): Promise<T>
}

let names = 0

/**
 * Nearly every login is by somebody who was here before, so that those are measured: newcomers log in first, in the warm-up, and then the same people again and again,
 * never one twice at once. Only where more are at it than were in the warm-up, another newcomer comes.
 */
export const createPeople = (): People => {
  const known: string[] = []
  return {
    use: async (isNewcomer, work) => {
      const person = (isNewcomer ? undefined : known.shift()) ?? `person-${names++}`
      const result = await work(person)
      known.push(person)
      return result
    },
  }
}
