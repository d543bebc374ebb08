/**
 * As much of ClickHouse's SQL as the door in front of the engine must understand: where a statement ends, what it begins
 * with, and where the data of an insert starts. It judges tokens, never characters inside strings or comments.
 */

export interface Statement {
  /** Without a closing semicolon. */
  readonly text: string;
  /** First word, in capitals; empty where the statement begins with a bracket or is empty. */
  readonly verb: string;
  /** Set for `INSERT ... FORMAT name`: data follows the statement. */
  readonly insertsData?: {
    readonly format: string /** Index in the text where FROM INFILE may stand. */;
    readonly sourceAt: number;
  };
  /** A further statement follows. */
  readonly more: boolean;
  /** Words that reach outside of the engine: `INTO OUTFILE`, `FROM INFILE`, the function `file`. */
  readonly reaches: readonly string[];
  /** Index in the given text of what stands behind `FORMAT name` of an insert. */
  readonly dataAt: number;
}

interface Token {
  readonly kind: 'word' | 'quoted' | 'string' | 'sign';
  readonly text: string;
  readonly at: number;
  readonly end: number;
}

/** Verbs that change nothing. */
export const readingVerbs: ReadonlySet<string> = new Set([
  '',
  'SELECT',
  'WITH',
  'SHOW',
  'DESCRIBE',
  'DESC',
  'EXPLAIN',
  'EXISTS',
]);

/** Reads the first statement of a text. Of an insert with data it reads no further than the name of the format. */
export function readStatement(text: string): Statement {
  const reaches: string[] = [];
  let verb: string | undefined;
  let depth = 0;
  let before: Token | undefined;
  let settingsAt: number | undefined;
  let wantsFormat: Token | undefined;
  let insert = false;
  for (let token = tokenAt(text, 0); token; token = tokenAt(text, token.end)) {
    const word = token.kind === 'word' ? token.text.toUpperCase() : '';
    if (verb === undefined) {
      verb = word;
      insert = verb === 'INSERT';
    }
    if (wantsFormat) {
      const sourceAt = settingsAt ?? wantsFormat.at;
      const statement = { text: text.slice(0, token.end), verb, more: false, reaches, dataAt: token.end };
      return { ...statement, insertsData: { format: token.text, sourceAt } };
    }
    if (
      token.text === '(' &&
      before &&
      before.kind !== 'string' &&
      before.kind !== 'sign' &&
      nameOf(before) === 'file'
    ) {
      reaches.push('file()');
    }
    if (word === 'OUTFILE' && before?.text.toUpperCase() === 'INTO') reaches.push('INTO OUTFILE');
    if (word === 'INFILE' && before?.text.toUpperCase() === 'FROM') reaches.push('FROM INFILE');
    if (token.text === '(' || token.text === '[') depth++;
    if (token.text === ')' || token.text === ']') depth--;
    if (insert && depth === 0) {
      if (word === 'SETTINGS') settingsAt ??= token.at;
      if (word === 'FORMAT') wantsFormat = token;
      // What follows is the statement's own: values, or a query whose FORMAT is that of an answer.
      if (word === 'VALUES' || word === 'SELECT' || word === 'WITH') insert = false;
    }
    if (token.kind === 'sign' && token.text === ';') {
      const next = tokenAt(text, token.end);
      return {
        text: text.slice(0, token.at),
        verb,
        more: next !== undefined && next.text !== ';',
        reaches,
        dataAt: text.length,
      };
    }
    before = token;
  }
  return { text, verb: verb ?? '', more: false, reaches, dataAt: text.length };
}

/** A statement's string literal with this content. */
export function quoted(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

function nameOf(token: Token): string {
  return token.kind === 'quoted' ? token.text.slice(1, -1) : token.text;
}

function tokenAt(text: string, from: number): Token | undefined {
  const at = skipBlank(text, from);
  if (at >= text.length) return undefined;
  const first = text[at]!;
  const token = (kind: Token['kind'], end: number): Token => ({ kind, text: text.slice(at, end), at, end });
  if (first === "'") return token('string', endOfQuote(text, at, first));
  if (first === '"' || first === '`') return token('quoted', endOfQuote(text, at, first));
  if (first === '$') {
    const tag = /^\$\w*\$/.exec(text.slice(at, at + 128))?.[0];
    if (tag) {
      const close = text.indexOf(tag, at + tag.length);
      return token('string', close < 0 ? text.length : close + tag.length);
    }
  }
  if (/[\p{L}_0-9]/u.test(first)) {
    let end = at + 1;
    while (end < text.length && /[\p{L}_0-9$]/u.test(text[end]!)) end++;
    return token('word', end);
  }
  return token('sign', at + 1);
}

function endOfQuote(text: string, at: number, quote: string): number {
  for (let index = at + 1; index < text.length; index++) {
    if (text[index] === '\\') index++;
    else if (text[index] === quote) {
      if (text[index + 1] !== quote) return index + 1;
      index++;
    }
  }
  return text.length;
}

function skipBlank(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    if (/\s/.test(text[at]!)) at++;
    else if (text.startsWith('--', at) || text.startsWith('#!', at) || text.startsWith('# ', at))
      at = lineEnd(text, at);
    else if (text.startsWith('/*', at)) at = blockEnd(text, at);
    else break;
  }
  return at;
}

function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end + 1;
}

/** Block comments nest. */
function blockEnd(text: string, at: number): number {
  let depth = 1;
  let index = at + 2;
  while (index < text.length && depth > 0) {
    if (text.startsWith('/*', index)) {
      depth++;
      index += 2;
    } else if (text.startsWith('*/', index)) {
      depth--;
      index += 2;
    } else index++;
  }
  return index;
}
