/** The release, from the nearest package.json: that of the repository, or of a build. */
import { readFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'

export const ownVersion = (): string => (JSON.parse(readFileSync(findPackageJSON(import.meta.url) as string, 'utf8')) as { version: string }).version // there is always one above
