// Translates the type checker's messages about generated code into the terms of the template.
import ts from 'typescript'

/** Describes an error. `written` is the text in the template. Undefined where another check reports the same error better. */
export const describe = (source: ts.SourceFile, start: number, message: string, written: string): string | undefined => {
  const node = nodeAt(source, start)
  const { parent } = node
  const [, tag] = /^tags\['(.*?)'\]/.exec(source.text.slice(parent.getStart(source))) ?? []
  if (tag !== undefined) return `<${tag}> is not a tag that the mini program may use`
  if (ts.isVariableDeclaration(parent) && parent.initializer?.getText().startsWith('_tag_.') === true && message.includes('not assignable')) return undefined
  if (ts.isVariableDeclaration(parent) && parent.initializer?.getText().includes('_ForKey_') === true) return 'wx:key names no text or number of the items'
  if (ts.isVariableDeclaration(parent) && ['_class_', '_style_'].includes(parent.name.getText())) return `class and style take text: ${message}`
  if (ts.isPropertyAccessExpression(parent) && parent.name === node && message.includes('does not exist')) {
    const owner = parent.expression.getText().replaceAll('?.', '.')
    return missing(owner, node, written) + suggestion(message, owner === '_tag_')
  }
  if (ts.isPropertyAccessExpression(parent) && parent.expression.getText() === '_tag_') return `attribute "${written}" of <${tagOf(node)}>: ${message}`
  if (ts.isVariableDeclaration(parent) && parent.name.getText() === '_event_') return `a handler is the name of a method: ${message}`
  return message
}

const missing = (owner: string, node: ts.Node, written: string): string => {
  const name = node.getText()
  if (owner === 'methods') return `there is no handler "${name}"`
  if (owner === 'data') return `the data has no "${name}"`
  if (owner !== '_tag_') return `${owner.replace(/^data\./, '')} has no "${name}"`
  const [, prefix, event] = /^(bind|catch|capture-bind|capture-catch|mut-bind)(\w+)$/.exec(written) ?? []
  return prefix === undefined ? `<${tagOf(node)}> has no attribute "${written}"` : `write ${prefix}:${event} instead of ${written}`
}

const suggestion = (message: string, asWritten: boolean): string => {
  const [, name] = /Did you mean '(.+?)'/.exec(message) ?? []
  return name === undefined ? '' : `, did you mean "${asWritten ? kebab(name) : name}"?`
}

const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

/** The innermost node that begins at a position. */
const nodeAt = (source: ts.SourceFile, start: number): ts.Node => {
  let found: ts.Node = source
  const visit = (node: ts.Node): void => {
    if (node.getStart(source) > start || node.end <= start) return
    found = node
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

/** The tag whose block a node is in: each begins with `const _tag_=tags['…']`. */
export const tagOf = (node: ts.Node): string => {
  for (let around: ts.Node = node; around !== undefined; around = around.parent) {
    const [, tag] = ts.isBlock(around) ? /^\{const _tag_=tags\['(.*?)'\]/.exec(around.getText()) ?? [] : []
    if (tag !== undefined) return tag
  }
  throw new Error('an attribute outside of a tag')
}
