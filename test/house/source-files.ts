// The project's own text files, and a view of TypeScript without its comments and strings.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lineAt, withoutCommentsAndStrings } from '../../pipelines/runtime/checks/code-text.ts';

export { lineAt, withoutCommentsAndStrings };

export const projectRoot = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export interface SourceFile {
  /** From the root, with forward slashes: `operators/match-orders.ts`. */
  path: string;
  text: string;
}

export interface Import {
  specifier: string;
  line: number;
  /** Only types are taken, so nothing of it exists at run time. */
  typeOnly: boolean;
}

/** Every file that git tracks or would track, without the lock file and what is not text. */
export function projectFiles(): SourceFile[] {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: projectRoot,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const textNames =
    /\.(?:ts|mjs|js|json|md|avsc|sql|ya?ml|sh|grit|html|css|tsx|txt|toml)$|(?:^|\/)(?:run|\.gitignore|\.npmrc)$/;
  return listed
    .split('\0')
    .filter((path) => textNames.test(path) && path !== 'package-lock.json' && existsSync(join(projectRoot, path)))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(projectRoot, path), 'utf8') }));
}

export function typescriptFiles(): SourceFile[] {
  return projectFiles().filter((file) => file.path.endsWith('.ts') && !file.path.startsWith('gateway/web/'));
}

/**
 * The modules a file takes in: imports, re-exports, `import()`, `require()`, and the entry of a worker or child
 * process, which is written `new URL('./worker.ts', import.meta.url)`.
 */
export function importsOf(text: string): Import[] {
  const code = withoutCommentsAndStrings(text);
  const found: Import[] = [];
  const add = (quoteOffset: number, typeOnly: boolean): void => {
    const quote = text[quoteOffset]!;
    const specifier = text.slice(quoteOffset + 1, text.indexOf(quote, quoteOffset + 1));
    found.push({ specifier, line: lineAt(text, quoteOffset), typeOnly });
  };

  const clauses = /\b(?:import|export)\s+(type\s+(?!from\b|,))?([\w$*\s{},]*?)\s*\bfrom\s*(?=['"])/g;
  for (const match of code.matchAll(clauses)) {
    add(match.index + match[0].length, match[1] !== undefined || takesOnlyTypes(match[2]!));
  }
  const calls = /\b(?:import|require)\s*\(\s*(?=['"])|\bimport\s+(?=['"])/g;
  for (const match of code.matchAll(calls)) add(match.index + match[0].length, false);
  for (const match of code.matchAll(/\bnew\s+URL\s*\(\s*(?=['"][^'"]*['"]\s*,\s*import\.meta\.url)/g)) {
    const offset = match.index + match[0].length;
    if (/^['"][^'"]+\.[mc]?[jt]s['"]/.test(text.slice(offset))) add(offset, false);
  }
  return found.sort((left, right) => left.line - right.line);
}

function takesOnlyTypes(clause: string): boolean {
  const names = /^\s*\{([^}]*)\}\s*$/.exec(clause)?.[1];
  if (names === undefined) return false;
  const parts = names.split(',').filter((name) => name.trim() !== '');
  return parts.length > 0 && parts.every((name) => /^\s*type\s/.test(name));
}
