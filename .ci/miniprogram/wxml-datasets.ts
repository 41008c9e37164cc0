// Owns the check of `data-*`: what a handler reads from `event.currentTarget.dataset`, by its own types, is there and of that type.
import ts from 'typescript'
import { problemAt } from './problem.ts'
import type { Problem } from './problem.ts'
import type { TemplateCode } from './template-code.ts'
import { isExpression, readTemplate } from './wxml-text.ts'
import type { Attribute } from './wxml-text.ts'

export const datasetProblems = (source: ts.SourceFile, { path, wxml, placeOf }: TemplateCode, checker: ts.TypeChecker): readonly Problem[] => {
  const { tags } = readTemplate(wxml)
  const problems: Problem[] = []
  const visit = (node: ts.Node): void => {
    ts.forEachChild(node, visit)
    if (!ts.isVariableDeclaration(node) || node.name.getText() !== '_event_' || node.initializer === undefined || !ts.isPropertyAccessExpression(node.initializer)) return
    const handler = node.initializer.name
    const { start } = placeOf(source, handler.getStart(), handler.end)
    const tag = tags.find(({ offset, end }) => offset <= start && start < end)
    if (tag === undefined) return
    const say = (offset: number, message: string): void => { problems.push(problemAt(`${path}.wxml`, wxml, offset, message)) }
    for (const member of datasetOf(checker.getTypeAtLocation(node.initializer), checker)) {
      const attribute = tag.attributes.find(({ name }) => datasetName(name) === member.name)
      const wanted = checker.getTypeOfSymbol(member)
      if (attribute === undefined) {
        if ((member.flags & ts.SymbolFlags.Optional) === 0) say(start, `handler "${handler.text}" reads the dataset's "${member.name}": <${tag.name}> has no ${attributeName(member.name)}`)
        continue
      }
      const given = typeOf(attribute, node, placeOf, checker)
      if (!checker.isTypeAssignableTo(given, wanted)) {
        say(attribute.offset, `handler "${handler.text}" reads "${member.name}" as ${checker.typeToString(wanted)}, which ${checker.typeToString(given)} is not`)
      }
    }
  }
  visit(source)
  return problems
}

const datasetOf = (handler: ts.Type, checker: ts.TypeChecker): readonly ts.Symbol[] => {
  const [event] = handler.getCallSignatures()[0]?.parameters ?? []
  let type = event && checker.getTypeOfSymbol(event)
  for (const step of ['currentTarget', 'dataset']) {
    const member: ts.Symbol | undefined = type?.getProperty(step)
    type = member && checker.getTypeOfSymbol(member)
  }
  return type?.getProperties() ?? []
}

/** As WeChat makes it: `data-some-Thing` is `someThing`. Undefined for what is no `data-*`. */
const datasetName = (attribute: string): string | undefined =>
  attribute.startsWith('data-') ? attribute.slice('data-'.length).toLowerCase().replace(/-(.)/g, (_, letter: string) => letter.toUpperCase()) : undefined

const attributeName = (name: string): string => `data-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`

/** The compiler's code has the value of a `data-*` as a statement of its own, beside the handler. */
const typeOf = ({ value = '', valueOffset }: Attribute, handler: ts.Node, placeOf: TemplateCode['placeOf'], checker: ts.TypeChecker): ts.Type => {
  if (!value.includes('{{')) return checker.getStringLiteralType(value)
  const block = handler.parent.parent.parent
  const statement = isExpression(value) && ts.isBlock(block)
    ? block.statements.find((each): each is ts.ExpressionStatement => {
      if (!ts.isExpressionStatement(each)) return false
      const { start } = placeOf(each.getSourceFile(), each.getStart(), each.end)
      return valueOffset <= start && start < valueOffset + value.length
    })
    : undefined
  return statement === undefined ? checker.getStringType() : checker.getTypeAtLocation(statement.expression)
}
