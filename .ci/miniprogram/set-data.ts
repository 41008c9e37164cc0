// Checks that `setData` sets members that the page's data has: the typings accept any key.
import ts from 'typescript'
import type { Problem } from './problem.ts'
import type { TypedProject } from './program.ts'

export const checkSetData = ({ program, scripts, problemAtNode }: TypedProject): readonly Problem[] => {
  const checker = program.getTypeChecker()
  const problems: Problem[] = []
  const visit = (node: ts.Node): void => {
    ts.forEachChild(node, visit)
    const [argument] = ts.isCallExpression(node) ? node.arguments : []
    if (argument === undefined || !ts.isObjectLiteralExpression(argument)) return
    const { expression: callee } = argument.parent as ts.CallExpression // whose first argument it is
    if (!ts.isPropertyAccessExpression(callee) || callee.name.text !== 'setData') return
    const data = checker.getTypeAtLocation(callee.expression).getProperty('data')
    if (data === undefined) return
    for (const { name } of argument.properties) {
      const path = name !== undefined && (ts.isIdentifier(name) || ts.isStringLiteralLike(name)) ? name.text : undefined
      if (name !== undefined && path !== undefined && !hasPath(checker.getTypeOfSymbol(data), path, checker)) problems.push(problemAtNode(name, `the data has no "${path}"`))
    }
  }
  for (const script of scripts) visit(script)
  return problems
}

/** Whether the data has a path such as `a`, `a.b` or `a[0].b`. */
const hasPath = (data: ts.Type, path: string, checker: ts.TypeChecker): boolean => {
  let type = data
  for (const [, name, index] of path.matchAll(/([^.[\]]+)|\[(\d+)\]/g)) {
    const present = checker.getNonNullableType(type)
    if (checker.getIndexInfoOfType(present, ts.IndexKind.String) !== undefined || (present.flags & ts.TypeFlags.Any) !== 0) return true
    const property = present.getProperty(name ?? String(index))
    const next = property === undefined ? checker.getIndexTypeOfType(present, ts.IndexKind.Number) : checker.getTypeOfSymbol(property)
    if (next === undefined || (property === undefined && index === undefined)) return false
    type = next
  }
  return true
}
