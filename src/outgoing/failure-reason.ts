/** Returns why a call failed: the error's code, or the proxy's status. Never its message, which may quote the URL, which may have a secret. */
export const failureReason = (error: unknown): string => {
  const { code, name, message } = error as { code?: unknown, name?: unknown, message?: unknown }
  const [, status] = /^Proxy .*\((\d{3})\)/.exec(String(message)) ?? []
  return status === undefined ? String(code ?? name) : `the proxy answered with status ${status}`
}
