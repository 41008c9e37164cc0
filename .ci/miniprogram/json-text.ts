// Owns a JSON file as text: whether it is one, and where in it a value stands.
import ts from 'typescript'
import { problemAt, problemIn } from './problem.ts'
import type { Problem } from './problem.ts'

export type Json = Readonly<Record<string, any>> // whose shape is what is being checked
/** The keys that lead to a value, from the outside. */
export type Pointer = readonly string[]

export const parseObject = (file: string, text: string): { json: Json } | { problem: Problem } => {
  try {
    const json: unknown = JSON.parse(text)
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return { json }
    return { problem: problemIn(file, 'must hold an object') }
  } catch (error) {
    const { parseDiagnostics } = ts.parseJsonText(file, text) as ts.JsonSourceFile & { parseDiagnostics: readonly ts.Diagnostic[] } // left out of the declarations
    return { problem: problemAt(file, text, parseDiagnostics[0]?.start ?? 0, String(error)) }
  }
}

/** Where a value stands in the text: at its key, or in a list at itself. */
export const offsetOf = (text: string, pointer: Pointer): number => {
  const source = ts.parseJsonText('file.json', text)
  let node: ts.Node | undefined = source.statements[0]?.expression
  let offset = 0
  for (const step of pointer) {
    if (node === undefined) break
    if (ts.isObjectLiteralExpression(node)) {
      const property: ts.ObjectLiteralElementLike | undefined = node.properties.find(({ name }) => name !== undefined && ts.isStringLiteral(name) && name.text === step)
      if (property === undefined || !ts.isPropertyAssignment(property)) break
      offset = property.getStart(source)
      node = property.initializer
    } else if (ts.isArrayLiteralExpression(node)) {
      node = node.elements[Number(step)]
      offset = node?.getStart(source) ?? offset
    }
  }
  return offset
}
