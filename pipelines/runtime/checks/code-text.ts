/** A view of TypeScript without its comments and strings: for checks that look for words of code. */

/** 1-based. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let index = text.indexOf('\n'); index !== -1 && index < offset; index = text.indexOf('\n', index + 1)) line += 1;
  return line;
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
