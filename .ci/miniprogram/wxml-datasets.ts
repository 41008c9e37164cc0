// Checks of `data-*`: the attributes that a handler's type says it reads from `event.currentTarget.dataset` exist and have these types.
import ts from 'typescript'
import { problemAt } from './problem.ts'
import type { Problem } from './problem.ts'
import type { TemplateCode } from './template-code.ts'
import { isExpression, readTemplate } from './wxml-text.ts'
import type { Attribute } from './wxml-text.ts'

export const datasetProblems = (source: ts.SourceFile, { path, wxml, rangeOf }: TemplateCode, checker: ts.TypeChecker): readonly Problem[] => {
  const { tags } = readTemplate(wxml)
  const problems: Problem[] = []
  const visit = (node: ts.Node): void => {
    ts.forEachChild(node, visit)
    if (!ts.isVariableDeclaration(node) || node.name.getText() !== '_event_' || node.initializer === undefined || !ts.isPropertyAccessExpression(node.initializer)) return
    const handler = node.initializer.name
    const { start } = rangeOf(source, handler.getStart(), handler.end)
    const tag = tags.find(({ offset, end }) => offset <= start && start < end)
    if (tag === undefined) return
    const report = (offset: number, message: string): void => { problems.push(problemAt(`${path}.wxml`, wxml, offset, message)) }
    for (const member of datasetOf(checker.getTypeAtLocation(node.initializer), checker)) {
      const attribute = tag.attributes.find(({ name }) => datasetName(name) === member.name)
      const wanted = checker.getTypeOfSymbol(member)
      if (attribute === undefined) {
        if ((member.flags & ts.SymbolFlags.Optional) === 0) report(start, `handler "${handler.text}" reads the dataset's "${member.name}": <${tag.name}> has no ${attributeName(member.name)}`)
        continue
      }
      const given = typeOf(attribute, node, rangeOf, checker)
      if (!checker.isTypeAssignableTo(given, wanted)) {
        report(attribute.offset, `handler "${handler.text}" reads "${member.name}" as ${checker.typeToString(wanted)}, which ${checker.typeToString(given)} is not`)
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

/** Converts an attribute's name as WeChat does: `data-some-thing` is `someThing`, `data-someThing` is `something`. Undefined for other attributes. */
const datasetName = (attribute: string): string | undefined =>
  attribute.startsWith('data-') ? attribute.slice('data-'.length).toLowerCase().replace(/-(.)/g, (_, letter: string) => letter.toUpperCase()) : undefined

const attributeName = (name: string): string => `data-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`

/** The type of an attribute's value: in the compiler's code it is a statement of its own, in the block of the handler. */
const typeOf = ({ value = '', valueOffset }: Attribute, handler: ts.Node, rangeOf: TemplateCode['rangeOf'], checker: ts.TypeChecker): ts.Type => {
  if (!value.includes('{{')) return checker.getStringLiteralType(value)
  const block = handler.parent.parent.parent
  const statement = isExpression(value) && ts.isBlock(block)
    ? block.statements.find((each): each is ts.ExpressionStatement => {
      if (!ts.isExpressionStatement(each)) return false
      const { start } = rangeOf(each.getSourceFile(), each.getStart(), each.end)
      return valueOffset <= start && start < valueOffset + value.length
    })
    : undefined
  return statement === undefined ? checker.getStringType() : checker.getTypeAtLocation(statement.expression)
}
