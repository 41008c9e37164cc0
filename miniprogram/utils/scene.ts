/** The way from what was scanned to a ticket id, and who may have shown it. Whatever isn't exactly a ticket id is nothing. */

const ticketId = /^[A-Za-z0-9_-]{22}$/
const codePath = /^\/?pages\/login\/login(?:\.html)?\?([^#]*)/

/** The ticket id in the `scene` that a page was opened with, or undefined. WeChat hands it over percent-encoded. */
export const ticketFromScene = (scene: unknown): string | undefined => {
  if (typeof scene !== 'string') return undefined
  const decoded = decodedOnce(scene)
  return decoded !== undefined && ticketId.test(decoded) ? decoded : undefined
}

/** The ticket id in the `path` of a scanned code, or undefined. One system leaves the scene encoded there, another decodes it. */
export const ticketFromPath = (path: unknown): string | undefined => {
  const query = typeof path === 'string' ? codePath.exec(path)?.[1] : undefined
  return ticketFromScene(query?.split('&').find((pair) => pair.startsWith('scene='))?.slice('scene='.length))
}

/**
 * WeChat's numbers for a code before the camera. A picture, a link, a card in a chat and another mini program may have been sent. So may what is opened
 * again from WeChat's lists, its floating window or the phone's own screen, as nothing tells how it was opened first. Those lead to the home page, or back
 * to a page that is still open and keeps what it found; a login page that opens anew with such a number was restored by WeChat.
 */
const cameraScenes: readonly number[] = [1011, 1047]

/** Whether the mini program was entered by a code before the camera. */
export const isCameraScene = (entryScene: number): boolean => cameraScenes.includes(entryScene)

const decodedOnce = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined // a stray % throws
  }
}
