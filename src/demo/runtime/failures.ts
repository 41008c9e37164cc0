/** Owns what becomes of an error in the mini program's code: a line in the console and a note over the page. Mends nothing. */

export interface Failures {
  /** Tells of an error that nobody else will. */
  report (error: unknown): void
  /** Runs a piece of the mini program's code, whose error is told and goes no further. */
  guard (run: () => unknown): void
}

/** `note` is the element that shows the last error. What nobody catches in this window is shown as well; the browser itself logs it. */
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

/** What `wx` rejects with is a plain object. */
const textOf = (error: unknown): string => {
  if (error instanceof Error) return `${error.name}: ${error.message}`
  if (typeof error === 'object' && error !== null && 'errMsg' in error) return String(error.errMsg)
  return String(error)
}
