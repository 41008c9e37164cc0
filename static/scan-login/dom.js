/** Elements made by DOM calls, never from HTML text, so that they work under any page's Content Security Policy and Trusted Types. */

/** @typedef {Readonly<Record<string, string>>} Attributes */

/** @template {Element} T @param {T} element @param {Attributes} attributes @param {(Node | string)[]} children */
const fill = (element, attributes, children) => {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  element.append(...children)
  return element
}

/** Makes an HTML element. @template {keyof HTMLElementTagNameMap} K @param {K} tag @param {Attributes} [attributes] @param {(Node | string)[]} children @returns {HTMLElementTagNameMap[K]} */
export const make = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children)

/** Makes an SVG element. @template {keyof SVGElementTagNameMap} K @param {K} tag @param {Attributes} [attributes] @param {(Node | string)[]} children @returns {SVGElementTagNameMap[K]} */
export const draw = (tag, attributes = {}, ...children) => fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children)

/** Sets the text of each element below `root` that names one by `data-word`. @param {ParentNode} root @param {Readonly<Record<string, string>>} words */
export const fillWords = (root, words) => {
  for (const element of root.querySelectorAll('[data-word]')) element.textContent = words[element.getAttribute('data-word') ?? ''] ?? ''
}
