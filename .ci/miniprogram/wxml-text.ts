// A template as text: tags with their attributes, the text between them, and the expressions in both, with their offsets.
// A tolerant reader: the template compiler reports syntax errors, and what is no tag here is text.

export interface Attribute {
  readonly name: string
  readonly offset: number
  /** Undefined for an attribute without a value. */
  readonly value: string | undefined
  readonly valueOffset: number
}

export interface Tag {
  readonly name: string
  readonly offset: number
  readonly end: number
  /** The number of open tags around it. */
  readonly depth: number
  readonly attributes: readonly Attribute[]
}

/** A text between tags or the value of an attribute. */
export interface Piece {
  readonly text: string
  readonly offset: number
}

export interface Template {
  readonly tags: readonly Tag[]
  readonly texts: readonly Piece[]
  /** The offset of a comment without an end. */
  readonly openComment: number | undefined
}

const braces = '\\{\\{(?:"[^"]*"|\'[^\']*\'|(?!\\}\\})[^"\'])*\\}\\}'
const quoted = ['"', '\''].map((quote) => `${quote}(?:${braces}|(?!\\{\\{)[^${quote}])*${quote}`).join('|')
const attribute = `[^\\s=/>"']+(?:\\s*=\\s*(?:${quoted}))?`
const tokens = new RegExp(`<!--.*?(?:(-->)|$)|</[^>]*>|<([\\w-]+)((?:\\s+${attribute})*)\\s*(/?)>|(?:${braces}|[^<])+|<`, 'gs')

export const readTemplate = (wxml: string): Template => {
  const tags: Tag[] = []
  const texts: Piece[] = []
  let openComment: number | undefined
  let depth = 0
  for (const { 0: token, 1: commentEnd, 2: name, 3: attributes = '', 4: closing, index: offset } of wxml.matchAll(tokens)) {
    if (token.startsWith('<!--')) {
      if (commentEnd === undefined) openComment = offset
    } else if (token.startsWith('</')) depth--
    else if (name === undefined) texts.push({ text: token, offset })
    else {
      tags.push({ name, offset, end: offset + token.length, depth, attributes: attributesIn(attributes, offset + 1 + name.length) })
      if (closing === '') depth++
    }
  }
  return { tags, texts, openComment }
}

const attributesIn = (text: string, offset: number): readonly Attribute[] =>
  [...text.matchAll(new RegExp(attribute, 'gs'))].map(({ 0: whole, index }) => {
    const [, name = '', equals = '', value] = /^([^=\s]+)(\s*=\s*)?(.*)$/s.exec(whole) ?? []
    return {
      name,
      offset: offset + index,
      value: equals === '' ? undefined : value?.slice(1, -1),
      valueOffset: offset + index + name.length + equals.length + 1,
    }
  })

/** Finds the expressions in `{{…}}`. */
export const expressionsIn = ({ text, offset }: Piece): readonly Piece[] =>
  [...text.matchAll(new RegExp(braces, 'gs'))].map(({ 0: whole, index }) => ({ text: whole.slice(2, -2), offset: offset + index + 2 }))

/** Whether a text is one `{{…}}` and nothing else. */
export const isExpression = (text: string): boolean => new RegExp(`^${braces}$`, 's').test(text)

/** The offset of the first brace that belongs to no `{{…}}`, or -1. */
export const singleBraceIn = (text: string): number =>
  text.replace(new RegExp(braces, 'gs'), (piece) => ' '.repeat(piece.length)).search(/[{}]/)
