/** Owns how the picture of the code gets into the phone's album, where WeChat's scanner can be shown it. */

/** The sharing sheet of iPhones has "Save Image"; what they download goes to a folder that WeChat doesn't see. @param {string} url @param {string} title */
export const savePicture = async (url, title) => {
  const answer = await fetch(url, { cache: 'no-store' }) // what an <img> of another site has put into the cache may not be read from there
  if (!answer.ok) return
  const bytes = await answer.blob()
  const name = `${title}.${bytes.type === 'image/png' ? 'png' : 'jpg'}`
  const file = new File([bytes], name, { type: bytes.type })
  if (/\biP(?:hone|od|ad)\b/.test(navigator.userAgent) && navigator.canShare?.({ files: [file] })) return await navigator.share({ files: [file] })
  const address = URL.createObjectURL(bytes)
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  setTimeout(() => { URL.revokeObjectURL(address) }, 60_000)
}
