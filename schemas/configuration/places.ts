import type { FilePlace } from './fault.ts';

/** Where keys stand in a file: `symbols`, then `BTC-USD`, then `tick`. */
export interface FilePlaces {
  /** Place of the value under a path, or of the closest part of the path that is found. */
  of(path: readonly (string | number)[]): FilePlace;
  /** Keys that stand twice in one object, with the place of the second. */
  readonly duplicates: readonly { readonly path: readonly string[]; readonly at: FilePlace }[];
}

interface Found {
  readonly offset: number;
  readonly children: Map<string, Found>;
}

/**
 * Finds the keys of the object that is given to `defineConfig(...)`, by reading braces, strings and comments. It knows
 * nothing else of the language: what is spread, computed or imported has no place of its own, and gets that of the key
 * around it.
 */
export function findPlaces(file: string, text: string): FilePlaces {
  const start = text.search(/\bdefineConfig\s*\(\s*\{/);
  const duplicates: { path: readonly string[]; at: FilePlace }[] = [];
  const placeAt = (offset: number): FilePlace => {
    const before = text.slice(0, offset);
    return { file, line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
  };
  const root: Found = { offset: Math.max(start, 0), children: new Map() };
  if (start >= 0) {
    const scanner = new Scanner(text, text.indexOf('{', start) + 1, (path, offset) => {
      duplicates.push({ path, at: placeAt(offset) });
    });
    scanner.object(root.children, []);
  }
  return {
    duplicates,
    of(path) {
      let found = root;
      for (const step of path) {
        const next = found.children.get(String(step));
        if (next === undefined) break;
        found = next;
      }
      return placeAt(found.offset);
    },
  };
}

class Scanner {
  readonly #text: string;
  #at: number;
  readonly #duplicate: (path: readonly string[], offset: number) => void;

  constructor(text: string, at: number, duplicate: (path: readonly string[], offset: number) => void) {
    this.#text = text;
    this.#at = at;
    this.#duplicate = duplicate;
  }

  /** Reads the keys of an object up to its closing brace. */
  object(children: Map<string, Found>, path: readonly string[]): void {
    while (this.#at < this.#text.length) {
      this.#skipBlank();
      if (this.#text[this.#at] === '}') {
        this.#at += 1;
        return;
      }
      const key = this.#key();
      if (key !== undefined) {
        if (children.has(key.name)) this.#duplicate([...path, key.name], key.offset);
        const found: Found = { offset: key.offset, children: new Map() };
        children.set(key.name, found);
        this.#skipBlank();
        if (this.#text[this.#at] === '{') {
          this.#at += 1;
          this.object(found.children, [...path, key.name]);
        }
      }
      this.#skipValue();
    }
  }

  /** `name:` or `'name':`, else nothing is read. */
  #key(): { name: string; offset: number } | undefined {
    const key = /(?:([A-Za-z_$][\w$]*)|'([^'\n]*)'|"([^"\n]*)")\s*:/y;
    key.lastIndex = this.#at;
    const match = key.exec(this.#text);
    if (match === null) return undefined;
    const offset = this.#at;
    this.#at = key.lastIndex;
    return { name: match[1] ?? match[2] ?? match[3]!, offset };
  }

  /** Moves behind the comma that ends this value, or to the closing brace. */
  #skipValue(): void {
    let depth = 0;
    while (this.#at < this.#text.length) {
      this.#skipBlank();
      const character = this.#text[this.#at];
      if (character === "'" || character === '"' || character === '`') {
        this.#skipString(character);
        continue;
      }
      if (depth === 0 && character === '}') return;
      this.#at += 1;
      if (depth === 0 && character === ',') return;
      if (character === '{' || character === '[' || character === '(') depth += 1;
      if (character === '}' || character === ']' || character === ')') depth -= 1;
    }
  }

  #skipString(quote: string): void {
    this.#at += 1;
    while (this.#at < this.#text.length && this.#text[this.#at] !== quote) {
      this.#at += this.#text[this.#at] === '\\' ? 2 : 1;
    }
    this.#at += 1;
  }

  #skipBlank(): void {
    const blank = /(?:\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y;
    blank.lastIndex = this.#at;
    blank.exec(this.#text);
    this.#at = blank.lastIndex;
  }
}
