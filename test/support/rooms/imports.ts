/**
 * Reads what a source file imports, by the parsers of the languages themselves: static and dynamic imports, re-exports, `require`, import
 * types, and modules that are named by `new URL(..., import.meta.url)` to be forked.
 */
import { posix } from 'node:path';
import { parse as parseSvelte } from 'svelte/compiler';
import ts from 'typescript';

export interface Source {
  /** Relative to the project, with slashes. */
  readonly path: string;
  readonly text: string;
}

export interface Import {
  /** Path of the imported file relative to the project, or the bare name of a package with its subpath. */
  readonly target: string;
  readonly ours: boolean;
  /** `type`: nothing of it is left at run time. `later`: loaded by `import()`, when that line is reached. */
  readonly how: 'type' | 'start' | 'later';
}

interface Reference {
  readonly specifier: string;
  readonly how: Import['how'];
}

/** All imports of one file. Throws when the file cannot be parsed. */
export function importsOf({ path, text }: Source): Import[] {
  const references = path.endsWith('.svelte') ? referencesOfSvelte(text) : referencesOfTypeScript(path, text);
  return references.map(({ specifier, how }) => {
    const ours = specifier.startsWith('.');
    const bare = specifier.replace(/[?#].*$/, '');
    return { target: ours ? posix.join(posix.dirname(path), bare) : specifier, ours, how };
  });
}

function referencesOfTypeScript(path: string, text: string): Reference[] {
  const found: Reference[] = [];
  const add = (node: ts.Node | undefined, how: Import['how'] = 'start'): void => {
    if (node !== undefined && ts.isStringLiteralLike(node)) found.push({ specifier: node.text, how });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, isTypeOnlyImport(node) ? 'type' : 'start');
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly ? 'type' : 'start');
    else if (ts.isImportEqualsDeclaration(node) && ts.isExternalModuleReference(node.moduleReference)) add(node.moduleReference.expression);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, 'type');
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) add(node.arguments[0], 'later');
    else if (ts.isCallExpression(node) && requires(node.expression)) add(node.arguments[0]);
    else if (ts.isNewExpression(node) && node.expression.getText(file) === 'URL') {
      const [address, base] = node.arguments ?? [];
      if (address !== undefined && base?.getText(file) === 'import.meta.url')
        for (const literal of literalsIn(address)) found.push(literal);
    }
    ts.forEachChild(node, visit);
  };
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  visit(file);
  return found;
}

/** `import type ...`, or every name in the braces is marked `type`. A bare `import 'x'` runs it. */
function isTypeOnlyImport(node: ts.ImportDeclaration): boolean {
  const clause = node.importClause;
  if (clause === undefined) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const named = clause.namedBindings;
  return (
    clause.name === undefined &&
    named !== undefined &&
    ts.isNamedImports(named) &&
    named.elements.length > 0 &&
    named.elements.every((one) => one.isTypeOnly)
  );
}

/** `require(...)`, `require.resolve(...)`, `createRequire(...)(...)`. */
function requires(callee: ts.Expression): boolean {
  if (ts.isIdentifier(callee)) return callee.text === 'require';
  if (ts.isPropertyAccessExpression(callee)) return ts.isIdentifier(callee.expression) && callee.expression.text === 'require';
  return ts.isCallExpression(callee) && ts.isIdentifier(callee.expression) && callee.expression.text === 'createRequire';
}

/** The modules that an address may name; folders and other files are data, not code. */
function literalsIn(address: ts.Expression): Reference[] {
  const found: Reference[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) && /^\.\.?\/.*\.(?:ts|js|mjs)$/.test(node.text)) found.push({ specifier: node.text, how: 'start' });
    ts.forEachChild(node, visit);
  };
  visit(address);
  return found;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** The tree of svelte's own parser holds the scripts and the markup alike, so an import inside the markup is found too. */
function referencesOfSvelte(text: string): Reference[] {
  const found: Reference[] = [];
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) {
      for (const one of node) visit(one);
      return;
    }
    if (!isRecord(node)) return;
    const source = node['source'];
    if (
      typeof node['type'] === 'string' &&
      /^(?:Import|Export)/.test(node['type']) &&
      isRecord(source) &&
      typeof source['value'] === 'string'
    ) {
      const typeOnly = node['importKind'] === 'type' || node['exportKind'] === 'type';
      found.push({ specifier: source['value'], how: typeOnly ? 'type' : node['type'] === 'ImportExpression' ? 'later' : 'start' });
    }
    for (const [key, value] of Object.entries(node)) if (key !== 'parent' && key !== 'loc') visit(value);
  };
  visit(parseSvelte(text, { modern: true }));
  return found;
}
