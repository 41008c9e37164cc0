/**
 * Saves the code's picture in the phone's album, from which WeChat can scan it. On iPhones by the share sheet, which has "Save Image": a download goes to a
 * folder that WeChat doesn't read.
 */
import { pictureTimeoutMs } from './present-code.js'

/** @typedef {ReturnType<typeof createPictureSaver>} PictureSaver */

const savedWithinMs = 60_000

/** Makes it without a picture. */
export const createPictureSaver = () => {
  /** @type {string | null} */
  let url = null
  /** @type {Blob | null} */
  let bytes = null
  /** Null when none is under way. @type {Promise<void> | null} */
  let loading = null
  let abort = () => {}

  /** @param {string} from @param {AbortSignal} signal @returns {Promise<Blob | null>} */
  const fetchFrom = async (from, signal) => {
    // Our own page has the picture in its cache; one that an <img> of another site has cached can't be read by scripts.
    const cache = new URL(from).origin === location.origin ? 'force-cache' : 'no-store'
    return await fetch(from, { cache, signal }).then((response) => response.ok ? response.blob() : null).catch(() => null)
  }

  /** Fetches it for a limited time: a tap waits for it, and a browser has six connections to a host. @param {string} from */
  const load = (from) => {
    abort()
    const attempt = new AbortController()
    abort = () => { attempt.abort() }
    const timer = setTimeout(abort, pictureTimeoutMs)
    const current = fetchFrom(from, attempt.signal).then((loaded) => {
      clearTimeout(timer)
      if (loading !== current) return
      bytes = loaded
      loading = null
    })
    loading = current
  }

  /** Another picture may take its place meanwhile. @returns {Promise<void>} */
  const untilLoaded = async () => {
    if (loading === null) return
    await loading
    await untilLoaded()
  }

  return {
    /** Fetches the picture that is shown, once: a phone refuses to share if a tap has to wait for the network. @param {string} shown */
    prepare: (shown) => {
      if (shown === url) return
      url = shown
      bytes = null
      load(shown)
    },

    /** Saves it. Resolves whether that surely happened, or was dismissed by the visitor. Nobody learns what became of a download. @param {string} title */
    save: async (title) => {
      if (bytes === null && loading === null && url !== null) load(url)
      await untilLoaded()
      if (bytes === null) return false
      const file = new File([bytes], `${title}.${bytes.type === 'image/png' ? 'png' : 'jpg'}`, { type: bytes.type })
      if (/\biP(?:hone|od|ad)\b/.test(navigator.userAgent) && navigator.canShare?.({ files: [file] })) {
        return await navigator.share({ files: [file] }).then(() => true, ({ name }) => name === 'AbortError')
      }
      download(file)
      return false
    },
  }
}

/** @param {File} file */
const download = (file) => {
  const address = URL.createObjectURL(file)
  const link = document.createElement('a')
  link.href = address
  link.download = file.name
  link.click()
  setTimeout(() => { URL.revokeObjectURL(address) }, savedWithinMs)
}
