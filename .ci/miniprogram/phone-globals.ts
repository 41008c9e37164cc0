// Globals that a phone lacks, though DevTools and tests may have them.
import ts from 'typescript'
import { filesOf, textOf } from './files.ts'
import { problemAt } from './problem.ts'
import type { Problem } from './problem.ts'

const missingGlobals = new Set([
  'eval', 'Function',
  'TextEncoder', 'TextDecoder', 'URL', 'URLSearchParams', 'atob', 'btoa', 'crypto', 'structuredClone', 'queueMicrotask',
  'AbortController', 'BigInt', 'Intl', 'WebSocket', 'Blob', 'FileReader',
  'fetch', 'XMLHttpRequest', 'localStorage', 'sessionStorage', 'window', 'document', 'navigator', 'location', 'alert',
  'Buffer', 'process', 'require', 'module', 'globalThis', 'self', 'global',
])

export const checkPhoneGlobals = (folder: string): readonly Problem[] =>
  filesOf(folder).filter((file) => file.endsWith('.ts')).flatMap((file) => {
    const text = textOf(folder, file)
    return usesIn(text).map(([name, offset]) => problemAt(file, text, offset, `a phone has no "${name}"`))
  })

/** Finds missing globals that are used as values and not declared in the file itself. */
const usesIn = (text: string): ReadonlyArray<readonly [string, number]> => {
  const source = ts.createSourceFile('script.ts', text, ts.ScriptTarget.ES2020, true)
  const uses: Array<readonly [string, number]> = []
  const declared = new Set<string>()
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node)) return
    if (ts.isIdentifier(node) && missingGlobals.has(node.text)) {
      if (isDeclaration(node)) declared.add(node.text)
      else if (!isMemberName(node)) uses.push([node.text, node.getStart()])
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return uses.filter(([name]) => !declared.has(name))
}

const isDeclaration = ({ parent, text }: ts.Identifier): boolean =>
  (ts.isVariableDeclaration(parent) || ts.isParameter(parent) || ts.isFunctionDeclaration(parent) || ts.isImportSpecifier(parent) || ts.isBindingElement(parent)) &&
  parent.name !== undefined && ts.isIdentifier(parent.name) && parent.name.text === text

/** Whether the name is that of a member, as in `thing.fetch`, `{ fetch: … }`, `fetch () {…}`. */
const isMemberName = (node: ts.Identifier): boolean => {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent)) return parent.name === node
  if (ts.isBindingElement(parent)) return parent.propertyName === node
  return (ts.isPropertyAssignment(parent) || ts.isMethodDeclaration(parent) || ts.isPropertySignature(parent) || ts.isMethodSignature(parent) ||
    ts.isPropertyDeclaration(parent) || ts.isInterfaceDeclaration(parent) || ts.isTypeAliasDeclaration(parent)) && parent.name === node
}
