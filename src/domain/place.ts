/** From a database of addresses, so it is a hint for a person and proves nothing. */
export interface Place {
  /** ISO 3166-1, two capital letters; null where it is not known. */
  readonly country: string | null
  /** In Chinese, and in English; never empty. */
  readonly zh: string
  readonly en: string
}

/** Tells whether both countries or regions are known and differ. */
export const areDifferentCountries = (one: string | null | undefined, other: string | null | undefined): boolean =>
  typeof one === 'string' && typeof other === 'string' && one !== other
