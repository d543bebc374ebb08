/** The check `impure-operator`: what an operator may not touch, because its state is a function of its inbox alone (law 1). */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lineAt, withoutCommentsAndStrings } from './code-text.ts';
import type { Fault } from './fault.ts';

export const impureOperator = {
  id: 'impure-operator',
  level: 'error',
  summary:
    'an operator touches a clock, randomness, a timer, the outside or the locale, or imports from elsewhere (law 1)',
} as const;

const BANNED: readonly { readonly code: RegExp; readonly what: string; readonly instead: string }[] = [
  { code: /\bDate\b|\bperformance\s*\./g, what: 'a clock', instead: 'moment.timeMicros is the time' },
  { code: /\bMath\s*\.\s*random\b|\bcrypto\s*\./g, what: 'randomness', instead: 'derive ids from the cause' },
  {
    code: /\b(?:setTimeout|setInterval|setImmediate|queueMicrotask)\s*\(/g,
    what: 'a timer',
    instead: 'clock records reach the inbox',
  },
  { code: /\b(?:fetch\s*\(|process\s*\.|console\s*\.)/g, what: 'the outside', instead: 'emit a record' },
  { code: /\bawait\b|\basync\b/g, what: 'waiting', instead: 'an operator is synchronous' },
  { code: /\bIntl\b|\blocaleCompare\b|\btoLocale\w*\s*\(/g, what: 'the locale', instead: 'compare bytes or numbers' },
];
/** What a file of `operators/` may import: its own room and the schemas. */
const IMPORT = /\bfrom\s*(['"])([^'"]+)\1/g;

/** Reads the files of `operators/` below `folder`; no other check reads files of operators. */
export function findImpurities(folder: string): Fault[] {
  const room = join(folder, 'operators');
  if (!existsSync(room)) return [];
  const names = readdirSync(room, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  return names.sort().flatMap((name) => impuritiesOf(join(room, name), readFileSync(join(room, name), 'utf8')));
}

export function impuritiesOf(file: string, text: string): Fault[] {
  const code = withoutCommentsAndStrings(text);
  const fault = (offset: number, says: string): Fault => {
    const line = lineAt(text, offset);
    const column = offset - text.lastIndexOf('\n', offset - 1);
    return { at: { file, line, column }, level: impureOperator.level, id: impureOperator.id, says };
  };
  const uses = BANNED.flatMap(({ code: banned, what, instead }) =>
    [...code.matchAll(banned)].map((match) =>
      fault(match.index, `An operator touches ${what}: "${match[0].trim()}". Instead: ${instead}`),
    ),
  );
  const imports = [...text.matchAll(IMPORT)].flatMap((match) => {
    const specifier = match[2]!;
    if (code[match.index] !== 'f' || isAllowed(specifier)) return [];
    return [fault(match.index, `An operator imports "${specifier}"; operators/ and schemas/ are allowed`)];
  });
  return [...uses, ...imports];
}

function isAllowed(specifier: string): boolean {
  return specifier.startsWith('./') || /^(?:\.\.\/)+(?:schemas\/|[a-z-]+(?:\/[a-z-]+)*\.ts$)/.test(specifier);
}
