export interface RedisCommand {
  /** In upper case. */
  readonly name: string
  /** Its bytes as they came. */
  readonly raw: Buffer
}

const lineEnd = '\r\n'

/** Returns a parser for one connection: it takes bytes as they come, and returns the commands that are complete (RESP: an array of bulk strings, or a line). */
export const createCommandReader = (): (bytes: Buffer) => RedisCommand[] => {
  let rest: Buffer = Buffer.alloc(0)
  return (bytes) => {
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes])
    const commands: RedisCommand[] = []
    for (;;) {
      const end = endOf(rest)
      if (end === undefined) return commands
      commands.push({ name: nameOf(rest), raw: rest.subarray(0, end) })
      rest = rest.subarray(end)
    }
  }
}

const isArray = (bytes: Buffer): boolean => bytes[0] === 0x2a // '*'

const endOf = (bytes: Buffer): number | undefined => {
  const first = bytes.indexOf(lineEnd)
  if (first === -1) return undefined
  let at = first + 2
  if (!isArray(bytes)) return at
  const parts = Number(bytes.toString('latin1', 1, first))
  for (let part = 0; part < parts; part++) {
    const head = bytes.indexOf(lineEnd, at)
    if (head === -1) return undefined
    at = head + 2 + Number(bytes.toString('latin1', at + 1, head)) + 2
    if (at > bytes.length) return undefined
  }
  return at
}

const nameOf = (bytes: Buffer): string =>
  (bytes.toString('latin1', 0, 64).split(/\s+/)[isArray(bytes) ? 2 : 0] ?? '').toUpperCase()
