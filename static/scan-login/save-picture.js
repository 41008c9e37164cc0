/**
 * Saves the code's picture in the phone's album, from which WeChat can scan it. On iPhones by the share sheet, which has "Save Image": a download goes to a
 * folder that WeChat doesn't read.
 */

/** @typedef {ReturnType<typeof createPictureSaver>} PictureSaver */

const savedWithinMs = 60_000

/** Makes it without a picture. */
export const createPictureSaver = () => {
  /** @type {string | null} */
  let url = null
  /** @type {Blob | null} */
  let bytes = null
  /** @type {Promise<void>} */
  let loading = Promise.resolve()

  /** @param {string} from */
  const load = async (from) => {
    // Our own page has the picture in its cache; one that an <img> of another site has cached can't be read by scripts.
    const cache = new URL(from).origin === location.origin ? 'force-cache' : 'no-store'
    const loaded = await fetch(from, { cache }).then((response) => response.ok ? response.blob() : null).catch(() => null)
    if (from === url) bytes = loaded
  }

  return {
    /** Fetches the picture that is shown, once: a phone refuses to share if a tap has to wait for the network. @param {string} shown */
    prepare: (shown) => {
      if (shown === url) return
      url = shown
      bytes = null
      loading = load(shown)
    },

    /** Saves it. Resolves whether that surely happened, or was dismissed by the visitor. Nobody learns what became of a download. @param {string} title */
    save: async (title) => {
      if (bytes === null) await loading
      if (bytes === null && url !== null) await (loading = load(url))
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
