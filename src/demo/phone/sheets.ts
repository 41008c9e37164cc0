/** Sheets over the screen, one at a time: a sheet takes the focus, makes the screen inert, and closes by Escape or a tap outside. */
import { part } from './elements.ts'

interface Sheet {
  readonly panel: HTMLElement
  /** The button that opens and closes it. */
  readonly opener: HTMLElement
}

export interface Sheets {
  /** Makes a button open and close a sheet. Both are selectors. */
  bind (opener: string, panel: string): void
  close (): void
}

export const createSheets = (): Sheets => {
  const screens = part('#screens')
  let open: Sheet | undefined

  const close = (): void => {
    if (open === undefined) return
    const { panel, opener } = open
    open = undefined
    const hadFocus = panel.contains(document.activeElement)
    screens.inert = false
    panel.hidden = true
    opener.setAttribute('aria-expanded', 'false')
    if (hadFocus) opener.focus()
  }

  document.addEventListener('keydown', ({ key }) => { if (key === 'Escape') close() })
  document.addEventListener('click', ({ target }) => {
    if (target instanceof Node && !open?.panel.contains(target) && !open?.opener.contains(target)) close()
  })

  return {
    bind: (openerSelector, panelSelector) => {
      const sheet = { panel: part(panelSelector), opener: part(openerSelector) }
      sheet.opener.addEventListener('click', () => {
        const wasOpen = open?.panel === sheet.panel
        close()
        if (wasOpen) return
        open = sheet
        sheet.panel.hidden = false
        screens.inert = true
        sheet.opener.setAttribute('aria-expanded', 'true')
        sheet.panel.querySelector('button')?.focus()
      })
    },
    close,
  }
}
