import { brandNames } from '../brands.ts';
import type { FieldShape, RecordDeclaration, Shape } from './avro-schema.ts';

/** Text of `generated/records.ts`: the types every room works with. */
export function writeRecords(declarations: readonly RecordDeclaration[]): string {
  const enums = new Map<string, readonly string[]>();
  const parts = new Map<string, readonly FieldShape[]>();
  for (const declaration of declarations) {
    for (const field of declaration.own) collectNamed(field.shape, enums, parts);
  }
  const lines: string[] = [
    HEADER,
    `import type { ${[...brandNames].sort().join(', ')} } from '../brands.ts';`,
    '',
    `export type { ${[...brandNames].sort().join(', ')} };`,
    '',
  ];
  lines.push('/** Symbols of each enum, in the order of their Avro index. */', 'export const enumSymbols = {');
  for (const [name, symbols] of sorted(enums)) {
    lines.push(`  ${name}: [`, ...symbols.map((symbol) => `    '${symbol}',`), '  ],');
  }
  lines.push('} as const;', '');
  for (const [name] of sorted(enums)) {
    lines.push(`export type ${name} = (typeof enumSymbols)['${name}'][number];`);
  }
  lines.push('');
  for (const [name, fields] of sorted(parts)) {
    lines.push(`/** Part of a record. */`, `export interface ${name} {`, ...fields.map(property), '}', '');
  }
  for (const { doc, interfaceName, type, own } of declarations) {
    lines.push(`/** ${doc} */`, `export interface ${interfaceName} {`, `  readonly type: '${type}';`);
    lines.push('  readonly symbol: SymbolId;', '  readonly seq: Sequence;', ...own.map(property), '}', '');
  }
  lines.push('/** Every record there is. */', 'export type AnyRecord =');
  lines.push(...declarations.map(({ interfaceName }) => `  | ${interfaceName}`));
  lines[lines.length - 1] += ';';
  lines.push('', "export type RecordType = AnyRecord['type'];", '');
  lines.push(
    '/** The record of a type. */',
    'export type RecordOf<T extends RecordType> = Extract<AnyRecord, { readonly type: T }>;',
    '',
  );
  lines.push('/** Version of each record, for the envelope. */');
  lines.push('export const recordVersions: { readonly [T in RecordType]: number } = {');
  lines.push(...declarations.map(({ type, version }) => `  ${type}: ${version},`), '};', '');
  lines.push('export const recordTypes: readonly RecordType[] = [');
  lines.push(...declarations.map(({ type }) => `  '${type}',`), '];', '');
  return lines.join('\n');
}

export const HEADER =
  '// Made by schemas/generate.ts from schemas/records/*.avsc. Change those, then run: node schemas/generate.ts';

/** Type of a shape as TypeScript writes it. */
export function typeName(shape: Shape): string {
  switch (shape.kind) {
    case 'int':
    case 'long':
      return shape.brand ?? 'number';
    case 'wide':
      return 'bigint';
    case 'boolean':
    case 'string':
      return shape.kind;
    case 'enum':
    case 'record':
      return shape.name;
    case 'nullable':
      return `${typeName(shape.of)} | null`;
    case 'array':
      return `readonly ${typeName(shape.of)}[]`;
  }
}

function property(field: FieldShape): string {
  const doc = field.doc === undefined ? '' : `  /** ${field.doc} */\n`;
  return `${doc}  readonly ${field.property}: ${typeName(field.shape)};`;
}

function collectNamed(
  shape: Shape,
  enums: Map<string, readonly string[]>,
  parts: Map<string, readonly FieldShape[]>,
): void {
  if (shape.kind === 'enum') enums.set(shape.name, shape.symbols);
  if (shape.kind === 'nullable' || shape.kind === 'array') collectNamed(shape.of, enums, parts);
  if (shape.kind === 'record') {
    parts.set(shape.name, shape.fields);
    for (const field of shape.fields) collectNamed(field.shape, enums, parts);
  }
}

function sorted<T>(map: ReadonlyMap<string, T>): [string, T][] {
  return [...map].sort(([left], [right]) => (left < right ? -1 : 1));
}
