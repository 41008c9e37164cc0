/** The oldest version of WeChat's base library that works; project.config.json and the README name it too. */
export const neededLibrary = '2.32.3'

/** Whether a version such as `2.32.3` is at least another one, compared as numbers, part by part. */
export const isAtLeast = (version: string, needed: string): boolean => {
  const has = version.split('.').map(Number)
  for (const [at, part] of needed.split('.').map(Number).entries()) {
    const own = has[at] ?? 0
    if (own !== part) return own > part
  }
  return true
}
