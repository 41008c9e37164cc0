/** The pages' scripts and the element's style, as they are sent. */
import { createHash } from 'node:crypto'
import { style } from '../../static/scan-login/style.js'
import { readScripts } from './page-files.ts'
import { staticFileOf, type StaticFile } from './static-files.ts'

/** The source for `style-src` that allows the element's style in a <style>, for browsers without constructed style sheets. Minifying leaves what a string says as it is. */
export const elementStyleSource = `'sha256-${createHash('sha256').update(style).digest('base64')}'`

let made: Promise<ReadonlyMap<string, StaticFile>> | undefined

/** Returns the scripts by file name. They don't change while a process lives, so they are made once for all callers. */
export const pageScripts = (): Promise<ReadonlyMap<string, StaticFile>> => {
  made ??= make()
  return made
}

const make = async (): Promise<ReadonlyMap<string, StaticFile>> =>
  new Map([...await readScripts()].map(([name, encoded]) => [name, staticFileOf('text/javascript; charset=utf-8', encoded)]))
