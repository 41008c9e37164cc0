// References from a file to others: imports of scripts, sources in templates, imports and pictures of styles.
import ts from 'typescript'

export interface Reference {
  readonly kind: 'script' | 'dynamic import' | 'template source' | 'style' | 'style picture'
  /** As written; undefined where it is computed. */
  readonly to: string | undefined
  readonly offset: number
}

export const referencesIn = (file: string, text: string): readonly Reference[] => {
  if (file.endsWith('.ts')) return scriptReferences(text)
  if (file.endsWith('.wxml')) return found(text, /<!--.*?-->/gs, /<(?:import|include|wxs|image)\b[^>]*?\ssrc\s*=\s*["']([^"'{}]+)["']/g, 'template source')
  if (!file.endsWith('.wxss')) return []
  return [
    ...found(text, /\/\*.*?\*\//gs, /@import\s+(?:url\(\s*)?["']?([^"')\s;]+)/g, 'style'),
    ...found(text, /\/\*.*?\*\/|@import[^;]*/gs, /\burl\(\s*["']?([^"')]+)/g, 'style picture'),
  ]
}

const scriptReferences = (text: string): readonly Reference[] => {
  const source = ts.createSourceFile('script.ts', text, ts.ScriptTarget.ES2020, true)
  const references: Reference[] = []
  const add = (kind: Reference['kind'], node: ts.Node | undefined): void => {
    if (node !== undefined) references.push({ kind, to: ts.isStringLiteralLike(node) ? node.text : undefined, offset: node.getStart() })
  }
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) add('script', node.moduleSpecifier)
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add('script', node.argument.literal)
    if (ts.isCallExpression(node)) {
      if (node.expression.kind === ts.SyntaxKind.ImportKeyword) add('dynamic import', node.arguments[0])
      else if (ts.isIdentifier(node.expression) && node.expression.text === 'require') add('script', node.arguments[0])
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return references
}

/** Finds the matches of a pattern outside of those of `ignored`. */
const found = (text: string, ignored: RegExp, pattern: RegExp, kind: Reference['kind']): readonly Reference[] =>
  [...text.replace(ignored, (piece) => piece.replace(/[^\n]/g, ' ')).matchAll(pattern)]
    .map(({ 0: whole, 1: to = '', index }) => ({ kind, to, offset: index + whole.lastIndexOf(to) }))
