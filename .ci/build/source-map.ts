/** Source maps, in the form of ECMA-426: which lines of the sources a line and column of a bundle come from. */

export interface SourceMap {
  readonly version: 3
  readonly sources: readonly string[]
  readonly names: readonly string[]
  /** Lines, separated by `;`, of segments, separated by `,`: a column and, where that has a source, its index, line and column. Each number is relative to the one before. */
  readonly mappings: string
}

const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** Reads base64 VLQ: five bits a digit, the lowest first, a sixth where more follow; the number's lowest bit is its sign. */
const decode = (segment: string): number[] => {
  const numbers: number[] = []
  let value = 0
  let shift = 0
  for (const digit of segment) {
    const bits = digits.indexOf(digit)
    value += (bits & 31) << shift
    shift += 5
    if (bits > 31) continue
    numbers.push((value & 1) === 1 ? -(value >> 1) : value >> 1)
    value = 0
    shift = 0
  }
  return numbers
}

const encode = (number: number): string => {
  let value = number < 0 ? (-number << 1) | 1 : number << 1
  let text = ''
  do {
    text += digits[(value & 31) | (value > 31 ? 32 : 0)]
    value >>= 5
  } while (value > 0)
  return text
}

/** Returns the map with these sources alone. Where another source begins, nothing is mapped any more. */
export const onlySources = ({ sources, mappings, ...map }: SourceMap, isKept: (source: string) => boolean): SourceMap => {
  const kept = sources.filter(isKept)
  const newIndex = sources.map((source) => kept.indexOf(source))
  let [source, line, column] = [0, 0, 0]
  let last = [0, 0, 0]
  const lines = mappings.split(';').map((segments) => {
    let at = 0
    let lastAt = 0
    let wasMapped = false
    return segments.split(',').flatMap((segment) => {
      const [step = 0, ...origin] = decode(segment)
      at += step
      if (origin.length > 0) [source, line, column] = [source + (origin[0] ?? 0), line + (origin[1] ?? 0), column + (origin[2] ?? 0)]
      const index = origin.length === 0 ? -1 : newIndex[source] ?? -1
      if (index < 0 && !wasMapped) return []
      const now = [index, line, column]
      const written = [at - lastAt, ...index < 0 ? [] : now.map((number, i) => number - (last[i] ?? 0))].map(encode).join('')
      lastAt = at
      wasMapped = index >= 0
      if (wasMapped) last = now
      return [written]
    }).join(',')
  })
  return { ...map, sources: kept, names: [], mappings: lines.join(';') }
}
