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
 * WeChat's numbers for the ways in that nobody else can send: a code before the camera (1011, 1047), and what this person opened before, from the lists of
 * mini programs, the phone's own screen or WeChat's floating window. A picture, a link, a card in a chat and another mini program are none of them.
 */
const ownWays: readonly number[] = [1011, 1047, 1001, 1023, 1089, 1090, 1103, 1104, 1131]

/** Whether nobody can have sent what the mini program was entered by. A way that isn't known may have been sent. */
export const isOwnWay = (entryScene: number): boolean => ownWays.includes(entryScene)

const decodedOnce = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined // a stray % throws
  }
}
