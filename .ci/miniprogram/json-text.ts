// JSON files as text: parsing, and the offset of a value.
import ts from 'typescript'
import { problemAt, problemIn } from './problem.ts'
import type { Problem } from './problem.ts'

export type Json = Readonly<Record<string, any>> // of unknown shape: the checks check it
/** The keys that lead to a value, outermost first. */
export type Pointer = readonly string[]

export const parseObject = (file: string, text: string): { json: Json } | { problem: Problem } => {
  try {
    const json: unknown = JSON.parse(text)
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return { json }
    return { problem: problemIn(file, 'must be a JSON object') }
  } catch (error) {
    const { parseDiagnostics } = ts.parseJsonText(file, text) as ts.JsonSourceFile & { parseDiagnostics: readonly ts.Diagnostic[] } // missing in the declarations
    return { problem: problemAt(file, text, parseDiagnostics[0]?.start ?? 0, String(error)) }
  }
}

/** Finds the offset of a value: that of its key, or of the value itself in a list. */
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
