/** Faults as people, tools and GitHub read them. */
import { relative } from 'node:path';
import type { Fault } from './fault.ts';

export type LintFormat = 'text' | 'json' | 'github';

export function formatFaults(faults: readonly Fault[], format: LintFormat, from: string = process.cwd()): string[] {
  const rows = faults.map((fault) => ({ ...fault, file: relative(from, fault.at.file) }));
  switch (format) {
    case 'json':
      return [
        JSON.stringify(
          rows.map(({ file, at, level, id, says }) => ({
            file,
            line: at.line,
            column: at.column,
            level,
            id,
            message: says,
          })),
          null,
          2,
        ),
      ];
    case 'github':
      return rows.map(({ file, at, level, id, says }) => {
        const kind = level === 'warn' ? 'warning' : 'error';
        return `::${kind} file=${file},line=${at.line},col=${at.column},title=${id}::${says}`;
      });
    case 'text': {
      const places = rows.map(({ file, at }) => `${file}(${at.line},${at.column})`);
      const placeWidth = Math.max(0, ...places.map((place) => place.length));
      const idWidth = Math.max(0, ...rows.map((row) => row.id.length));
      const lines = rows.map(
        ({ level, id, says }, index) =>
          `${places[index]!.padEnd(placeWidth)}  ${level.padEnd(5)} ${id.padEnd(idWidth)}  ${says}`,
      );
      const errors = rows.filter((row) => row.level === 'error').length;
      return [...lines, `${count(errors, 'error')}, ${count(rows.length - errors, 'warning')}`];
    }
  }
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
