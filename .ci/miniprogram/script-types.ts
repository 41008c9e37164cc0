// A page's script with the result of its `Page` or `Component` call exported: the types of data and methods that its template is checked against.
import ts from 'typescript'

/** The name of that export. */
export const resultName = '_result_'
const naming = `export const ${resultName} = `

/**
 * Turns the call into an exported constant, whose type in WeChat's typings has the data and methods. Undefined where the script doesn't make that
 * call exactly once, as a statement of its own.
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

/** Maps an offset in such a script to one in the original. */
export const writtenOffset = (script: string, offset: number): number => {
  const start = script.indexOf(naming)
  return start < 0 || offset < start + naming.length ? offset : offset - naming.length
}
