import type { IncomingMessage } from 'node:http'

/** How often a header, named in lower case, was sent. `headers` doesn't say: Node joins repeated ones, or keeps the first. */
export const timesSent = ({ rawHeaders }: Pick<IncomingMessage, 'rawHeaders'>, header: string): number => {
  let times = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string // names and values take turns
    if (name.length === header.length && name.toLowerCase() === header) times++
  }
  return times
}
