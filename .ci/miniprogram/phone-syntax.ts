// Syntax that phones with the minimum base library can't parse and WeChat's compiler doesn't transform.
import ts from 'typescript'
import { filesOf, textOf } from './files.ts'
import { problemAt } from './problem.ts'
import type { Problem } from './problem.ts'

export const checkPhoneSyntax = (folder: string): readonly Problem[] =>
  filesOf(folder).filter((file) => file.endsWith('.ts')).flatMap((file) => {
    const text = textOf(folder, file)
    const problems: Problem[] = []
    const visit = (node: ts.Node): void => {
      const wrong = syntaxProblem(node)
      if (wrong !== undefined) problems.push(problemAt(file, text, node.getStart(), wrong))
      ts.forEachChild(node, visit)
    }
    visit(ts.createSourceFile(file, text, ts.ScriptTarget.ES2020, true))
    return problems
  })

const syntaxProblem = (node: ts.Node): string | undefined => {
  if (ts.isBigIntLiteral(node)) return 'iOS 13 cannot parse a bigint, so the whole file fails'
  const isPattern = ts.isRegularExpressionLiteral(node) || (ts.isStringLiteralLike(node) && ts.isNewExpression(node.parent) && node.parent.expression.getText() === 'RegExp')
  return isPattern && /\(\?<[=!]/.test(node.text) ? 'iOS before 16.4 cannot parse lookbehind in a pattern, so the whole file fails' : undefined
}
