// Owns what a page's script tells the type checker about its template: the result of its one call of `Page` or `Component`, given a name.
import ts from 'typescript'

/** The name by which the checked template imports that result. */
export const resultName = '_result_'
const naming = `export const ${resultName} = `

/**
 * Gives the script with its call turned into an exported value, or undefined where it doesn't make that call exactly once,
 * as a statement of its own. The typings of mini programs know data and methods by that value.
 */
export const exportResult = (text: string, constructorName: 'Page' | 'Component'): string | undefined => {
  const source = ts.createSourceFile('script.ts', text, ts.ScriptTarget.ES2020)
  const calls = source.statements.filter((statement) => ts.isExpressionStatement(statement) &&
    ts.isCallExpression(statement.expression) &&
    ts.isIdentifier(statement.expression.expression) &&
    statement.expression.expression.text === constructorName)
  const [call] = calls
  if (call === undefined || calls.length > 1) return undefined
  const start = call.getStart(source)
  return `${text.slice(0, start)}${naming}${text.slice(start)}`
}

/** Where a piece of such a script stands in the one that was written. */
export const writtenOffset = (script: string, offset: number): number => {
  const start = script.indexOf(naming)
  return start < 0 || offset < start + naming.length ? offset : offset - naming.length
}
