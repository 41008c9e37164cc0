/** Owns what is known of where somebody is. It is read from an address, so it is a hint for a person and proof of nothing. */

export interface Place {
  /** ISO 3166-1, two capital letters; null where it is not known. */
  readonly country: string | null
  /** In Chinese, and in English; never empty. */
  readonly zh: string
  readonly en: string
}

/** Tells whether two are known to be in different countries or regions. Who is nowhere known is nowhere else. */
export const areApart = (one: string | null | undefined, other: string | null | undefined): boolean =>
  typeof one === 'string' && typeof other === 'string' && one !== other
