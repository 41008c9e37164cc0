import { hash } from 'node:crypto'

/** Returns the nth of some made-up subs. */
export const subFor = (n: number): string => hash('sha256', `person ${n}`, 'base64url')
