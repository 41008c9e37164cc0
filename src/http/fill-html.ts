/** Fills each `{{name}}` of a page with its text, which stays text: escaped for content and quoted attributes. */
export const fillHtml = (template: string, texts: Readonly<Record<string, string>>): string =>
  template.replace(/\{\{(\w+)\}\}/g, (_all, name: string) => escapeHtml(texts[name] ?? ''))

const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
