/** Keys of an OpenID Provider, made once for all tests of a process: an RSA pair takes 100 ms. */
import type { StoredSigningKey } from '../../src/sessions/key-pair.ts'
import { generateKeys, type Keys } from '../../src/sessions/key-set.ts'
import { generateProviderKeys, parseProviderKeys } from '../../src/sessions/provider-keys.ts'

let made: readonly StoredSigningKey[] | undefined

/** As the key file has them: an RSA pair and one on P-256. */
export const storedProviderKeys = (): readonly StoredSigningKey[] => (made ??= generateProviderKeys())

/** The same keys with an OpenID Provider's. */
export const withProviderKeys = (keys: Keys = generateKeys()): Keys => ({ ...keys, provider: parseProviderKeys(storedProviderKeys()) })
