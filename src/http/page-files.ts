/** Where the pages' files are when the service runs from its sources. The build takes built-page-files.ts in its place. */
import { join } from 'node:path'
import { joinScripts } from './join-scripts.ts'
import { encode, type Encoded } from './static-files.ts'

/** The folder of the pages and their files. */
export const staticFolder = join(import.meta.dirname, '../../static')

/** Returns the pages' scripts by file name. */
export const readScripts = async (): Promise<ReadonlyMap<string, Encoded>> =>
  new Map(await Promise.all([...await joinScripts(staticFolder)].map(async ([name, text]) => [name, await encode(text)] as const)))
