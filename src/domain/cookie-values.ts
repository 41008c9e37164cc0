/** The values of all cookies with exactly this name, in the order of the header `Cookie`. There may be several: their paths or domains differ. */
export const cookieValues = (header: string | undefined, name: string): string[] => (header ?? '').split(';').flatMap((pair) => {
  const at = pair.indexOf('=')
  return at > 0 && pair.slice(0, at).trim() === name ? [pair.slice(at + 1).trim()] : []
})
