/** The ticket id in a scanned code, and whether a camera scanned it. Anything that isn't exactly a ticket id is refused. */

const ticketId = /^[A-Za-z0-9_-]{22}$/
const codePath = /^\/?pages\/login\/login(?:\.html)?\?([^#]*)/

/** Reads the ticket id from the `scene` that a page was opened with, which WeChat percent-encodes; undefined if there is none. */
export const ticketFromScene = (scene: unknown): string | undefined => {
  if (typeof scene !== 'string') return undefined
  const decoded = decodedOnce(scene)
  return decoded !== undefined && ticketId.test(decoded) ? decoded : undefined
}

/** Reads the ticket id from the `path` of a scanned code; undefined if there is none. Some systems decode the scene there, others don't. */
export const ticketFromPath = (path: unknown): string | undefined => {
  const query = typeof path === 'string' ? codePath.exec(path)?.[1] : undefined
  return ticketFromScene(query?.split('&').find((pair) => pair.startsWith('scene='))?.slice('scene='.length))
}

/**
 * WeChat's scene numbers for a code scanned with the camera. In all other scenes somebody else may have sent the code: as a picture, a link, a card in a
 * chat, or by another mini program. The same goes for reopening from WeChat's lists, its floating window or the phone's home screen, as WeChat doesn't
 * tell how the mini program was opened first. Reopening leads to the home page, or to a login page that is still open and has its answer already; a
 * login page that is loaded in such a scene was restored by WeChat.
 */
const cameraScenes: readonly number[] = [1011, 1047]

/** Whether the mini program was opened by scanning a code with the camera. */
export const isCameraScene = (entryScene: number): boolean => cameraScenes.includes(entryScene)

const decodedOnce = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined // a stray % throws
  }
}
