// Checks that the minimum base library has every interface, option and result that the scripts use of WeChat. The typings have the version in each
// doc comment. A script's own check for support at run time is not recognised.
import ts from 'typescript'
import { isAtLeast, neededLibrary } from '../../miniprogram/utils/base-library.ts'
import type { Problem } from './problem.ts'
import type { TypedProject } from './program.ts'

export const checkNewInterfaces = ({ program, scripts, problemAtNode }: TypedProject): readonly Problem[] => {
  const checker = program.getTypeChecker()
  const problems: Problem[] = []
  const visit = (node: ts.Node): void => {
    ts.forEachChild(node, visit)
    const symbol = memberNamedBy(node, checker)
    const since = symbol && sinceOf(symbol, checker)
    if (since !== undefined && !isAtLeast(neededLibrary, since)) problems.push(problemAtNode(node, `"${symbol?.name}" came with ${since}, phones may have ${neededLibrary}`))
  }
  for (const script of scripts) visit(script)
  return problems
}

/** The member that a node names: in `wx.member`, `wx['member']`, `const { member } = wx`, and as an option in an argument. */
const memberNamedBy = (node: ts.Node, checker: ts.TypeChecker): ts.Symbol | undefined => {
  if (!ts.isIdentifier(node) && !ts.isStringLiteral(node)) return undefined
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent) || ts.isElementAccessExpression(parent)) return parent.expression === node ? undefined : checker.getSymbolAtLocation(node)
  if (ts.isBindingElement(parent)) return (parent.propertyName ?? parent.name) === node ? checker.getTypeAtLocation(parent.parent).getProperty(node.text) : undefined
  const isOption = (ts.isObjectLiteralElementLike(parent) && parent.name === node && ts.isObjectLiteralExpression(parent.parent))
  return isOption ? checker.getContextualType(parent.parent)?.getProperty(node.text) : undefined
}

/** The version in "需要基础库： `3.0.1`" (needs the base library), which the typings take from WeChat's documentation. */
const sinceOf = (symbol: ts.Symbol, checker: ts.TypeChecker): string | undefined => {
  const [, since] = /需要基础库： ?`([\d.]+)`/.exec(ts.displayPartsToString(symbol.getDocumentationComment(checker))) ?? []
  return since
}
