// Owns what an expression in a template may be: what WeChat's WXML knows. The template compiler knows more, which would run in the demo alone.
import ts from 'typescript'
import type { Piece } from './wxml-text.ts'

const { SyntaxKind } = ts

const known = new Set([
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

const knownBefore = new Set<ts.PrefixUnaryOperator>([SyntaxKind.ExclamationToken, SyntaxKind.PlusToken, SyntaxKind.MinusToken])

/** Gives the first piece that WXML doesn't know, with what is wrong; undefined where all is well. */
export const unknownIn = ({ text, offset }: Piece): { offset: number, message: string } | undefined => {
  const source = ts.createSourceFile('expression.ts', `(${text})`, ts.ScriptTarget.ES2020, true) as ts.SourceFile & { parseDiagnostics: readonly ts.Diagnostic[] } // left out of the declarations
  const [statement, next] = source.statements
  if (source.parseDiagnostics.length > 0 || statement === undefined || next !== undefined || !ts.isExpressionStatement(statement)) {
    return { offset, message: `"${text.trim()}" is no expression` }
  }
  const node = firstUnknown(statement.expression)
  return node && { offset: offset + node.getStart() - 1, message: `WXML doesn't know "${node.getText()}": compute it in the page` }
}

const firstUnknown = (node: ts.Node): ts.Node | undefined =>
  !known.has(node.kind) || (ts.isPrefixUnaryExpression(node) && !knownBefore.has(node.operator)) ? node : ts.forEachChild(node, firstUnknown)
