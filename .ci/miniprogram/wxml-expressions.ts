// Expressions that WeChat's WXML supports. The template compiler accepts more, which would work in the demo only.
import ts from 'typescript'
import type { Piece } from './wxml-text.ts'

const { SyntaxKind } = ts

const supportedKinds = new Set([
  SyntaxKind.ParenthesizedExpression, SyntaxKind.ConditionalExpression, SyntaxKind.QuestionToken, SyntaxKind.ColonToken,
  SyntaxKind.Identifier, SyntaxKind.PropertyAccessExpression, SyntaxKind.ElementAccessExpression,
  SyntaxKind.StringLiteral, SyntaxKind.NumericLiteral, SyntaxKind.TrueKeyword, SyntaxKind.FalseKeyword, SyntaxKind.NullKeyword,
  SyntaxKind.ArrayLiteralExpression, SyntaxKind.SpreadElement,
  SyntaxKind.ObjectLiteralExpression, SyntaxKind.PropertyAssignment, SyntaxKind.ShorthandPropertyAssignment, SyntaxKind.SpreadAssignment,
  SyntaxKind.PrefixUnaryExpression, SyntaxKind.BinaryExpression,
  SyntaxKind.PlusToken, SyntaxKind.MinusToken, SyntaxKind.AsteriskToken, SyntaxKind.SlashToken, SyntaxKind.PercentToken,
  SyntaxKind.EqualsEqualsToken, SyntaxKind.EqualsEqualsEqualsToken, SyntaxKind.ExclamationEqualsToken, SyntaxKind.ExclamationEqualsEqualsToken,
  SyntaxKind.LessThanToken, SyntaxKind.LessThanEqualsToken, SyntaxKind.GreaterThanToken, SyntaxKind.GreaterThanEqualsToken,
  SyntaxKind.AmpersandAmpersandToken, SyntaxKind.BarBarToken,
])

const supportedPrefixes = new Set<ts.PrefixUnaryOperator>([SyntaxKind.ExclamationToken, SyntaxKind.PlusToken, SyntaxKind.MinusToken])

/** Finds the first part of an expression that WXML doesn't support; undefined where there is none. */
export const unsupportedIn = ({ text, offset }: Piece): { offset: number, message: string } | undefined => {
  const source = ts.createSourceFile('expression.ts', `(${text})`, ts.ScriptTarget.ES2020, true) as ts.SourceFile & { parseDiagnostics: readonly ts.Diagnostic[] } // missing in the declarations
  const [statement, next] = source.statements
  if (source.parseDiagnostics.length > 0 || statement === undefined || next !== undefined || !ts.isExpressionStatement(statement)) {
    return { offset, message: `"${text.trim()}" is no expression` }
  }
  const node = firstUnsupported(statement.expression)
  return node && { offset: offset + node.getStart() - 1, message: `WXML doesn't know "${node.getText()}": compute it in the page` }
}

const firstUnsupported = (node: ts.Node): ts.Node | undefined =>
  !supportedKinds.has(node.kind) || (ts.isPrefixUnaryExpression(node) && !supportedPrefixes.has(node.operator)) ? node : ts.forEachChild(node, firstUnsupported)
