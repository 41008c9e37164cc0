/** Errors of the mini program's code: logged to the console and shown in a note over the page. */

export interface Failures {
  /** Logs and shows an error. */
  report (error: unknown): void
  /** Runs the mini program's code and reports what it throws. */
  guard (run: () => unknown): void
}

/** `note` shows the last error. Uncaught errors of this window are shown, too; the browser logs those itself. */
export const createFailures = (note: HTMLElement): Failures => {
  const show = (error: unknown): void => {
    note.textContent = textOf(error)
    note.hidden = false
  }
  const report = (error: unknown): void => {
    console.error(error)
    show(error)
  }
  window.addEventListener('error', (event) => show(event.error ?? event.message))
  window.addEventListener('unhandledrejection', (event) => show(event.reason))
  note.addEventListener('click', () => { note.hidden = true })
  return {
    report,
    guard: (run) => {
      try {
        run()
      } catch (error) {
        report(error)
      }
    },
  }
}

/** `wx` rejects with plain objects that have an `errMsg`. */
const textOf = (error: unknown): string => {
  if (error instanceof Error) return `${error.name}: ${error.message}`
  if (typeof error === 'object' && error !== null && 'errMsg' in error) return String(error.errMsg)
  return String(error)
}
