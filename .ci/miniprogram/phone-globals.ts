// Owns what scripts may not use because a phone lacks it, though a developer's machine (DevTools, tests) may well have it.
import ts from 'typescript'
import { filesOf, textOf } from './files.ts'
import { problemAt } from './problem.ts'
import type { Problem } from './problem.ts'

const lacking = new Set([
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

/** Names used as values that the file doesn't declare itself. */
const usesIn = (text: string): ReadonlyArray<readonly [string, number]> => {
  const source = ts.createSourceFile('script.ts', text, ts.ScriptTarget.ES2020, true)
  const uses: Array<readonly [string, number]> = []
  const declared = new Set<string>()
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node)) return
    if (ts.isIdentifier(node) && lacking.has(node.text)) {
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

/** `thing.fetch`, `{ fetch: … }`, `fetch () {…}`: the name belongs to something of ours. */
const isMemberName = (node: ts.Identifier): boolean => {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent)) return parent.name === node
  if (ts.isBindingElement(parent)) return parent.propertyName === node
  return (ts.isPropertyAssignment(parent) || ts.isMethodDeclaration(parent) || ts.isPropertySignature(parent) || ts.isMethodSignature(parent) ||
    ts.isPropertyDeclaration(parent) || ts.isInterfaceDeclaration(parent) || ts.isTypeAliasDeclaration(parent)) && parent.name === node
}
