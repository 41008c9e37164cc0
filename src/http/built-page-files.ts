/** Where the pages' files are when the service is built: their scripts were joined and compressed then, and lie beside them. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

export const staticFolder: typeof import('./page-files.ts').staticFolder = join(import.meta.dirname, '../static')

export const readScripts: typeof import('./page-files.ts').readScripts = async () => {
  const read = (name: string): Promise<Buffer> => readFile(join(staticFolder, name))
  const names = (await readdir(staticFolder)).filter((name) => name.endsWith('.js'))
  return new Map(await Promise.all(names.map(async (name) => {
    const [br, gzip, identity] = await Promise.all([read(`${name}.br`), read(`${name}.gz`), read(name)])
    return [name, { br, gzip, identity }] as const
  })))
}
