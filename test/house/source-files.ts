// The project's own text files, and a view of TypeScript without its comments and strings.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

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

export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let index = text.indexOf('\n'); index !== -1 && index < offset; index = text.indexOf('\n', index + 1)) line += 1;
  return line;
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

/**
 * The same text with comments, strings and regular expressions blanked out, offsets and lines unchanged. Quotes stay,
 * so a reader can tell where a string was; code inside `${}` stays too.
 */
export function withoutCommentsAndStrings(text: string): string {
  const out = text.split('');
  const blank = (from: number, to: number): void => {
    for (let at = from; at < to; at += 1) if (out[at] !== '\n') out[at] = ' ';
  };
  /** For each open template: how many braces are open inside its current `${}`. */
  const templates: number[] = [];
  let at = 0;

  const skipTemplate = (): void => {
    const start = at;
    while (at < text.length && text[at] !== '`' && !text.startsWith('${', at)) at += text[at] === '\\' ? 2 : 1;
    blank(start, Math.min(at, text.length));
    if (text[at] === '`') {
      templates.pop();
      at += 1;
    } else {
      templates[templates.length - 1] = 0;
      at += 2;
    }
  };

  while (at < text.length) {
    const char = text[at]!;
    if (text.startsWith('//', at) || (at === 0 && text.startsWith('#!'))) {
      const end = text.indexOf('\n', at);
      blank(at, end === -1 ? text.length : end);
      at = end === -1 ? text.length : end;
    } else if (text.startsWith('/*', at)) {
      const end = text.indexOf('*/', at + 2);
      blank(at, end === -1 ? text.length : end + 2);
      at = end === -1 ? text.length : end + 2;
    } else if (char === "'" || char === '"') {
      const start = at + 1;
      at = start;
      while (at < text.length && text[at] !== char && text[at] !== '\n') at += text[at] === '\\' ? 2 : 1;
      blank(start, at);
      at += 1;
    } else if (char === '`') {
      templates.push(0);
      at += 1;
      skipTemplate();
    } else if (char === '/' && startsRegex(out, at)) {
      const start = at + 1;
      let inClass = false;
      at = start;
      while (at < text.length && text[at] !== '\n' && (inClass || text[at] !== '/')) {
        if (text[at] === '[') inClass = true;
        if (text[at] === ']') inClass = false;
        at += text[at] === '\\' ? 2 : 1;
      }
      blank(start, at);
      at += 1;
    } else {
      const depth = templates.at(-1);
      if (depth !== undefined && char === '{') templates[templates.length - 1] = depth + 1;
      if (depth !== undefined && char === '}') {
        if (depth === 0) {
          at += 1;
          skipTemplate();
          continue;
        }
        templates[templates.length - 1] = depth - 1;
      }
      at += 1;
    }
  }
  return out.join('');
}

/** A slash begins a regular expression where a value may begin, and divides where a value has just ended. */
function startsRegex(out: string[], slash: number): boolean {
  let at = slash - 1;
  while (at >= 0 && /\s/.test(out[at]!)) at -= 1;
  if (at < 0) return true;
  const before = out[at]!;
  if (/[)\]}'"`]/.test(before)) return false;
  if (!/[\w$]/.test(before)) return true;
  let start = at;
  while (start > 0 && /[\w$]/.test(out[start - 1]!)) start -= 1;
  return /^(?:return|typeof|case|in|of|do|else|void|delete|await|yield)$/.test(out.slice(start, at + 1).join(''));
}
