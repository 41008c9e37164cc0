export interface ToastOptions {
  title: string
  icon?: 'success' | 'error' | 'loading' | 'none'
  duration?: number
}

export interface ModalOptions {
  title?: string
  content?: string
  showCancel?: boolean
  cancelText?: string
  cancelColor?: string
  confirmText?: string
  confirmColor?: string
}

/** WeChat refuses longer button texts. */
const maxButtonChars = 4

export interface Dialogs {
  showToast (options: ToastOptions): void
  /** Resolves when the person has chosen. Rejects if a button's text is too long. */
  showModal (options: ModalOptions): Promise<{ confirm: boolean, cancel: boolean, content: null }>
  /** Closes the toast and all dialogs. */
  clear (): void
}

export interface DialogsOptions {
  /** A live region. */
  readonly toast: HTMLElement
  /** The phone's. */
  readonly language: () => string
  /** Called when the first modal dialog opens, and when the last one has closed. */
  readonly setShade: (isShown: boolean) => void
}

export const createDialogs = ({ toast, language, setShade }: DialogsOptions): Dialogs => {
  let timer = 0

  const hideToast = (): void => {
    clearTimeout(timer)
    toast.replaceChildren()
  }

  return {
    showToast: ({ title, icon = 'success', duration = 1500 }) => {
      hideToast()
      const box = createElement('div', 'toast-box')
      if (icon !== 'none') box.append(createElement('span', `toast-icon toast-icon--${icon}`))
      box.append(createElement('span', 'toast-title', title))
      toast.append(box)
      timer = setTimeout(hideToast, duration)
    },
    showModal: (options) => new Promise((resolve) => {
      for (const name of ['cancelText', 'confirmText'] as const) {
        if ((options[name] ?? '').length > maxButtonChars) throw new Error(`${name} is longer than ${maxButtonChars} characters`)
      }
      const dialog = modal(options, /^zh/i.test(language()) ? { cancel: '取消', confirm: '确定' } : { cancel: 'Cancel', confirm: 'OK' })
      dialog.addEventListener('close', () => {
        dialog.remove()
        if (document.querySelector('dialog.modal') === null) setShade(false)
        const confirm = dialog.returnValue === 'confirm'
        resolve({ confirm, cancel: !confirm, content: null })
      })
      document.body.append(dialog)
      dialog.showModal()
      setShade(true)
    }),
    clear: () => {
      hideToast()
      for (const dialog of document.querySelectorAll<HTMLDialogElement>('dialog.modal')) dialog.close()
    },
  }
}

const modal = (options: ModalOptions, words: { readonly cancel: string, readonly confirm: string }): HTMLDialogElement => {
  const dialog = createElement('dialog', 'modal')
  const choice = (name: 'cancel' | 'confirm', text = words[name], colour: string | undefined): HTMLButtonElement => {
    const button = createElement('button', `modal-choice modal-choice--${name}`, text)
    if (colour !== undefined) button.style.color = colour
    button.addEventListener('click', () => dialog.close(name))
    return button
  }
  const part = (name: 'title' | 'content', tag: 'h2' | 'p', relation: string): void => {
    const text = options[name] ?? ''
    if (text === '') return
    const element = createElement(tag, `modal-${name}`, text)
    element.id = `modal-${name}`
    dialog.setAttribute(relation, element.id)
    dialog.append(element)
  }
  part('title', 'h2', 'aria-labelledby')
  part('content', 'p', options.title ? 'aria-describedby' : 'aria-labelledby')
  const choices = createElement('div', 'modal-choices')
  if (options.showCancel !== false) choices.append(choice('cancel', options.cancelText || undefined, options.cancelColor))
  const confirm = choice('confirm', options.confirmText || undefined, options.confirmColor)
  confirm.autofocus = true
  choices.append(confirm)
  dialog.append(choices)
  return dialog
}

const createElement = <Tag extends keyof HTMLElementTagNameMap>(tag: Tag, className: string, text?: string): HTMLElementTagNameMap[Tag] => {
  const element = document.createElement(tag)
  element.className = className
  if (text !== undefined) element.textContent = text
  return element
}
