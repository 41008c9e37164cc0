/**
 * Saves the code's picture in the phone's album, from which WeChat can scan it. On iPhones by the share sheet, which has "Save Image": a download goes to a
 * folder that WeChat doesn't read.
 * @param {string} url @param {string} title
 */
export const savePicture = async (url, title) => {
  const response = await fetch(url, { cache: 'no-store' }) // a response that an <img> of another site has cached can't be read by scripts
  if (!response.ok) return
  const bytes = await response.blob()
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
