/** Owns the way from what was scanned to a ticket id. Whatever isn't exactly a ticket id is nothing. */

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

const decodedOnce = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined // a stray % throws
  }
}
