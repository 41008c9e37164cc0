/** HTML from texts that stay texts: each is escaped for content and quoted attributes. */

/** What `html` has made: it is put into other HTML as it is. */
export class Html {
  readonly text: string

  constructor (text: string) {
    this.text = text
  }
}

/** Makes HTML of a template literal: texts in it are escaped, HTML and lists of it stay, null is left out. */
export const html = (parts: TemplateStringsArray, ...values: ReadonlyArray<string | Html | readonly Html[] | null>): Html =>
  new Html(parts.map((part, i) => part + asText(values[i] ?? null)).join(''))

const asText = (value: string | Html | readonly Html[] | null): string => {
  if (value === null) return ''
  if (typeof value === 'string') return escapeHtml(value)
  return value instanceof Html ? value.text : value.map(({ text }) => text).join('')
}

/** Fills each `{{name}}` of a page with its text. */
export const fillHtml = (template: string, texts: Readonly<Record<string, string>>): string =>
  template.replace(/\{\{(\w+)\}\}/g, (_all, name: string) => escapeHtml(texts[name] ?? ''))

const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
