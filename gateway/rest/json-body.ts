/**
 * Bodies, read more strictly than JSON asks: UTF-8 without a byte order mark, a bounded depth, each key once, and numbers
 * kept as they were written, since a double would already have changed some of them.
 */
import { RequestRefused } from './errors.ts';

/** Nothing that this gateway takes is nested deeper; a deep body would overflow the stack of whoever walks it. */
const DEPTH_MAX = 8;

/** A JSON number of a body. No field takes one: amounts and ids are strings. */
export class GivenNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** The value of a body. Throws {@link RequestRefused} where it is none. */
export function parseBody(bytes: Uint8Array): unknown {
  const text = decode(bytes);
  checkStructure(text);
  try {
    return JSON.parse(text, keepNumbers as (key: string, value: unknown) => unknown);
  } catch {
    throw notJson();
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decode(bytes: Uint8Array): string {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    throw refused('The body is not UTF-8.', 'JSON in UTF-8');
  }
  if (text.startsWith('\uFEFF')) throw refused('The body begins with a byte order mark.', 'JSON in UTF-8, without it');
  return text;
}

function keepNumbers(_key: string, value: unknown, { source }: { readonly source?: string }): unknown {
  return typeof value === 'number' ? new GivenNumber(source ?? String(value)) : value;
}

/** Depth and doubled keys. Everything else about the form is left to the parser. */
function checkStructure(text: string): void {
  /** For each open bracket: the keys of an object so far, or undefined for an array. */
  const open: (Set<string> | undefined)[] = [];
  let keyIsNext = false;
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case '"': {
        const end = endOfString(text, at);
        const keys = open.at(-1);
        if (keyIsNext && keys) addKey(keys, text.slice(at, end + 1));
        keyIsNext = false;
        at = end;
        break;
      }
      case '{':
      case '[':
        open.push(text[at] === '{' ? new Set() : undefined);
        keyIsNext = text[at] === '{';
        if (open.length > DEPTH_MAX) {
          throw refused(`The body is nested too deep: at most ${DEPTH_MAX} levels are.`, `at most ${DEPTH_MAX} levels`);
        }
        break;
      case '}':
      case ']':
        open.pop();
        keyIsNext = false;
        break;
      case ',':
        keyIsNext = open.at(-1) !== undefined;
        break;
    }
  }
}

/** Index of the quote that ends the string that begins at `from`, or of the last character where none does. */
function endOfString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '"') return at;
  }
  return text.length - 1;
}

function addKey(keys: Set<string>, written: string): void {
  let key = written.slice(1, -1);
  // Only with an escape are two spellings one key; whatever else is wrong with it, the parser will say.
  if (key.includes('\\')) {
    try {
      key = JSON.parse(written) as string;
    } catch {
      throw notJson();
    }
  }
  if (keys.has(key)) {
    const field = key.slice(0, 80);
    throw new RequestRefused({
      code: 'malformed',
      message: `"${field}" is given twice.`,
      field,
      allowed: 'each field once',
    });
  }
  keys.add(key);
}

function notJson(): RequestRefused {
  return refused('The body is not valid JSON.', 'JSON in UTF-8');
}

function refused(message: string, allowed: string): RequestRefused {
  return new RequestRefused({ code: 'malformed', message, allowed });
}
