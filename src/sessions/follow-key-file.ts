/** Owns the look at the key file while the service runs: a rotated file counts without a restart. Whatever can't be used changes nothing. */
import type { Clock, Log } from '../login/ports.ts'
import { parseKeyFile, readPrivately, type Keys } from './key-file.ts'

/** How often the file is read. It is small, and a watch misses files that are swapped under a mount. Milliseconds. */
const everyMs = 5000

export interface FollowedKeys extends Keys {
  /** Ends the looking. */
  stop (): void
}

/** Reads the key file, and again whenever it has changed. Throws as `readKeyFile` does at the first time; later that is logged. */
export const followKeyFile = (path: string, clock: Clock, log: Log): FollowedKeys => {
  let text = readPrivately(path)
  let trouble: string | undefined
  const { keys: { subject, cookie, signing: first } } = parseKeyFile(path, text)
  let signing = first

  const takeUp = (): void => {
    const found = readPrivately(path)
    if (found === text && trouble === undefined) return
    const { keys } = parseKeyFile(path, found)
    if (!keys.subject.equals(subject) || !keys.cookie.equals(cookie)) throw new Error(`${path} has another subject key or cookie key`)
    trouble = undefined
    if (found === text) return
    text = found
    signing = keys.signing
    log.info({ kids: signing.map(({ kid }) => kid) }, `${path} has changed: its signing keys count from now on`)
  }

  const look = (): void => {
    try {
      takeUp()
    } catch (error) {
      const message = (error as Error).message // what is thrown there are Errors, and none quotes the file
      if (message !== trouble) log.error({}, `${message}; it goes on with the keys as they were until that is mended, and would not start with these`)
      trouble = message
    }
    cancel = clock.after(everyMs, look)
  }

  let cancel = clock.after(everyMs, look)
  return { subject, cookie, get signing () { return signing }, stop: () => { cancel() } }
}
