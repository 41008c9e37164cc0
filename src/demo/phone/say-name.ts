import { siteName } from '../site-name.ts'

/** Says the site's name in the window's language: the service has one for all visitors. A name from SITE_NAME stays. */
export const sayName = (page: Document, name: string): void => {
  const texts = page.createTreeWalker(page, NodeFilter.SHOW_TEXT)
  for (let node = texts.nextNode(); node !== null; node = texts.nextNode()) {
    const text = node.nodeValue ?? ''
    if (name !== siteName && text.includes(siteName)) node.nodeValue = text.replaceAll(siteName, name)
  }
}
