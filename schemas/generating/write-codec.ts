import { canonicalForm, fingerprintHex, fingerprintOf } from '../fingerprint.ts';
import type { FieldShape, RecordDeclaration, Shape } from './avro-schema.ts';
import { HEADER } from './write-records.ts';

/** Enums up to this size are written as a chain of comparisons; above, the index comes from a map. */
const CHAIN_SYMBOLS_MAX = 8;

/** Text of `generated/codec.ts`: one straight-line encoder and decoder a record, its fingerprint and its size bound. */
export function writeCodec(declarations: readonly RecordDeclaration[]): string {
  const enums = new Map<string, readonly string[]>();
  const parts = new Map<string, readonly FieldShape[]>();
  for (const { own } of declarations) for (const field of own) collect(field.shape, enums, parts);
  const brands = new Set<string>(['SymbolId', 'Sequence', 'Micros']);
  for (const { own } of declarations) for (const field of own) collectBrands(field.shape, brands);
  const body: string[] = [];
  for (const [name, symbols] of sorted(enums)) body.push(...enumWriter(name, symbols), '');
  for (const [name, fields] of sorted(parts)) body.push(...partCodec(name, fields), '');
  body.push(...ARRAY_READER, '', ...envelopeCodec(declarations[0]!.envelope), '');
  for (const declaration of declarations) body.push(...recordCodec(declaration), '');
  body.push(...table(declarations));
  const text = body.join('\n');
  const helpers = HELPERS.filter((name) => new RegExp(`\\b${name}\\b`).test(text));
  const types = [
    ...declarations.map(({ interfaceName }) => interfaceName),
    ...enums.keys(),
    ...parts.keys(),
    ...brands,
    'AnyRecord',
    'RecordType',
  ].sort();
  return [
    HEADER,
    "import { InvariantBroken } from '../assert.ts';",
    `import {\n${helpers.map((name) => `  ${name},`).join('\n')}\n} from '../avro-bytes.ts';`,
    "import type { Envelope } from '../envelope.ts';",
    `import type {\n${types.map((name) => `  ${name},`).join('\n')}\n} from './records.ts';`,
    "import { enumSymbols } from './records.ts';",
    '',
    text,
    '',
  ].join('\n');
}

const HELPERS = [
  'readArrayEnd',
  'readBoolean',
  'readCount',
  'readIndex',
  'readInt',
  'readLong',
  'readPresence',
  'readString',
  'readWide',
  'stringBytesMax',
  'writeBoolean',
  'writeInt',
  'writeLong',
  'writeString',
  'writeWide',
];

const ARRAY_READER = [
  'function readArray<T>(readItem: () => T): T[] {',
  '  const count = readCount();',
  '  const items: T[] = [];',
  '  for (let index = 0; index < count; index += 1) items.push(readItem());',
  '  if (count > 0) readArrayEnd();',
  '  return items;',
  '}',
];

function enumWriter(name: string, symbols: readonly string[]): string[] {
  const unknown = `throw new InvariantBroken(\`"\${value}" is no ${name}\`);`;
  if (symbols.length > CHAIN_SYMBOLS_MAX) {
    return [
      `const indexOf${name}: ReadonlyMap<string, number> = new Map(enumSymbols.${name}.map((symbol, index) => [symbol, index]));`,
      '',
      `function write${name}(bytes: Uint8Array, at: number, value: ${name}): number {`,
      `  const index = indexOf${name}.get(value);`,
      `  if (index === undefined) ${unknown}`,
      '  bytes[at] = index << 1;',
      '  return at + 1;',
      '}',
    ];
  }
  return [
    `function write${name}(bytes: Uint8Array, at: number, value: ${name}): number {`,
    ...symbols.map(
      (symbol, index) => `  ${index === 0 ? '' : 'else '}if (value === '${symbol}') bytes[at] = ${index * 2};`,
    ),
    `  else ${unknown}`,
    '  return at + 1;',
    '}',
  ];
}

function partCodec(name: string, fields: readonly FieldShape[]): string[] {
  return [
    `function write${name}(bytes: Uint8Array, start: number, part: ${name}): number {`,
    '  let at = start;',
    ...fields.flatMap((field) => writing(field.shape, `part.${field.property}`)),
    '  return at;',
    '}',
    '',
    `function read${name}(): ${name} {`,
    '  return {',
    ...fields.map((field) => `    ${field.property}: ${reading(field.shape)},`),
    '  };',
    '}',
  ];
}

/** symbol and seq are fields of the record object; the others travel in the envelope. */
function isOnRecord(field: FieldShape): boolean {
  return field.name === 'symbol' || field.name === 'seq';
}

function envelopeCodec(fields: readonly FieldShape[]): string[] {
  const target = (field: FieldShape): string => (isOnRecord(field) ? field.property : `envelope.${field.property}`);
  return [
    'function writeEnvelope(bytes: Uint8Array, start: number, envelope: Envelope, symbol: number, seq: number): number {',
    '  let at = start;',
    ...fields.flatMap((field) => writing(field.shape, target(field))),
    '  return at;',
    '}',
    '',
    '/** Fills the envelope; symbol and seq are left in the two variables below for the record that is being read. */',
    'function readEnvelope(envelope: Envelope): void {',
    ...fields.map((field) =>
      isOnRecord(field)
        ? `  ${field.property}Read = ${reading(field.shape)};`
        : `  envelope.${field.property} = ${reading(field.shape)}${field.name === 'occurred_at' ? ' as Micros' : ''};`,
    ),
    '}',
    '',
    'let symbolRead = 0 as SymbolId;',
    'let seqRead = 0 as Sequence;',
  ];
}

function recordCodec(declaration: RecordDeclaration): string[] {
  const { interfaceName, type, own } = declaration;
  const fingerprint = fingerprintHex(fingerprintOf(canonicalForm(declaration.schema)));
  const header = ['c3', '01', ...fingerprint.match(/../g)!];
  return [
    `function encode${interfaceName}(envelope: Envelope, record: ${interfaceName}, bytes: Uint8Array, start: number): number {`,
    ...header.map((byte, index) => `  bytes[${index === 0 ? 'start' : `start + ${index}`}] = 0x${byte};`),
    '  let at = writeEnvelope(bytes, start + 10, envelope, record.symbol, record.seq);',
    ...own.flatMap((field) => writing(field.shape, `record.${field.property}`)),
    '  return at;',
    '}',
    '',
    `function decode${interfaceName}(envelope: Envelope): ${interfaceName} {`,
    '  readEnvelope(envelope);',
    '  return {',
    `    type: '${type}',`,
    '    symbol: symbolRead,',
    '    seq: seqRead,',
    ...own.map((field) => `    ${field.property}: ${reading(field.shape)},`),
    '  };',
    '}',
    '',
    `function refill${interfaceName}(envelope: Envelope, record: Writable<${interfaceName}>): void {`,
    '  readEnvelope(envelope);',
    '  record.symbol = symbolRead;',
    '  record.seq = seqRead;',
    ...own.map((field) => `  record.${field.property} = ${reading(field.shape)};`),
    '}',
    '',
    `function boundOf${interfaceName}(${own.some((field) => variableBound(field.shape, '') !== '') ? 'record' : '_record'}: ${interfaceName}): number {`,
    `  return ${[
      String(10 + fixedBound([...declaration.envelope, ...own])),
      ...own.map((field) => variableBound(field.shape, `record.${field.property}`)).filter((term) => term !== ''),
    ].join(' + ')};`,
    '}',
  ];
}

function table(declarations: readonly RecordDeclaration[]): string[] {
  return [
    '/** Codec of one record type. `bound` is the most bytes this record may take, without the traceparent. */',
    'export interface RecordCodec {',
    '  readonly type: RecordType;',
    '  readonly fingerprint: string;',
    '  readonly encode: (envelope: Envelope, record: AnyRecord, bytes: Uint8Array, start: number) => number;',
    '  readonly decode: (envelope: Envelope) => AnyRecord;',
    '  /** As `decode`, into a record of this type that nobody needs any more. */',
    '  readonly refill: (envelope: Envelope, record: AnyRecord) => void;',
    '  readonly bound: (record: AnyRecord) => number;',
    '}',
    '',
    'type Writable<R> = { -readonly [N in keyof R]: R[N] };',
    '',
    'function codec<R extends AnyRecord>(',
    "  type: R['type'],",
    '  fingerprint: string,',
    '  encode: (envelope: Envelope, record: R, bytes: Uint8Array, start: number) => number,',
    '  decode: (envelope: Envelope) => R,',
    '  refill: (envelope: Envelope, record: Writable<R>) => void,',
    '  bound: (record: R) => number,',
    '): RecordCodec {',
    '  return { type, fingerprint, encode: encode as never, decode, refill: refill as never, bound: bound as never };',
    '}',
    '',
    'export const recordCodecs: readonly RecordCodec[] = [',
    ...declarations.map((declaration) => {
      const { type, interfaceName: name, schema } = declaration;
      const fingerprint = fingerprintHex(fingerprintOf(canonicalForm(schema)));
      return `  codec('${type}', '${fingerprint}', encode${name}, decode${name}, refill${name}, boundOf${name}),`;
    }),
    '];',
  ];
}

function writing(shape: Shape, value: string): string[] {
  switch (shape.kind) {
    case 'int':
      return inOneByte(value, 'writeInt');
    case 'long':
      return inOneByte(value, 'writeLong');
    case 'wide':
      return [`  at = writeWide(bytes, at, ${value});`];
    case 'boolean':
      return [`  at = writeBoolean(bytes, at, ${value});`];
    case 'string':
      return [`  at = writeString(bytes, at, ${value});`];
    case 'enum':
    case 'record':
      return [`  at = write${shape.name}(bytes, at, ${value});`];
    case 'nullable':
      return [
        `  if (${value} === null) bytes[at++] = 0;`,
        '  else {',
        '    bytes[at++] = 2;',
        ...writing(shape.of, value).map((line) => `  ${line}`),
        '  }',
      ];
    case 'array':
      return [
        `  if (${value}.length > 0) {`,
        `    at = writeLong(bytes, at, ${value}.length);`,
        `    for (const item of ${value}) {`,
        ...writing(shape.of, 'item').map((line) => `    ${line}`),
        '    }',
        '  }',
        '  bytes[at++] = 0;',
      ];
  }
}

/** Numbers from 0 to 63 take one byte, and are most: they are not worth a call. Fractions and NaN are not equal to their masked self. */
function inOneByte(value: string, otherwise: string): string[] {
  return [
    `  if ((${value} & 63) === ${value}) bytes[at++] = ${value} << 1;`,
    `  else at = ${otherwise}(bytes, at, ${value});`,
  ];
}

function reading(shape: Shape): string {
  switch (shape.kind) {
    case 'int':
      return `readInt()${asBrand(shape)}`;
    case 'long':
      return `readLong()${asBrand(shape)}`;
    case 'wide':
      return 'readWide()';
    case 'boolean':
      return 'readBoolean()';
    case 'string':
      return 'readString()';
    case 'enum':
      return `enumSymbols.${shape.name}[readIndex(${shape.symbols.length}, 'enum')] as ${shape.name}`;
    case 'record':
      return `read${shape.name}()`;
    case 'nullable':
      return `readPresence() ? ${parenthesised(reading(shape.of))} : null`;
    case 'array':
      return `readArray(() => ${reading(shape.of)})`;
  }
}

function parenthesised(expression: string): string {
  return expression.includes(' as ') ? `(${expression})` : expression;
}

function asBrand(shape: Shape & { readonly kind: 'int' | 'long' | 'string' | 'boolean' }): string {
  return shape.brand === undefined ? '' : ` as ${shape.brand}`;
}

/** Bytes that all fields take at most, without strings and array items. */
function fixedBound(fields: readonly FieldShape[]): number {
  return fields.reduce((sum, field) => sum + fixedBoundOf(field.shape), 0);
}

function fixedBoundOf(shape: Shape): number {
  switch (shape.kind) {
    case 'int':
      return 5;
    case 'long':
      return 8;
    case 'wide':
      return 10;
    case 'boolean':
    case 'enum':
      return 1;
    case 'string':
      return 5;
    case 'nullable':
      return 1 + fixedBoundOf(shape.of);
    case 'array':
      return 6;
    case 'record':
      return fixedBound(shape.fields);
  }
}

function variableBound(shape: Shape, value: string): string {
  if (shape.kind === 'string') return `${value}.length * 3`;
  if (shape.kind === 'nullable' && shape.of.kind === 'string') return `(${value} === null ? 0 : ${value}.length * 3)`;
  if (shape.kind !== 'array') return '';
  if (hasVariable(shape.of)) throw new Error('arrays of strings or of arrays have no size bound yet');
  return `${value}.length * ${fixedBoundOf(shape.of)}`;
}

function hasVariable(shape: Shape): boolean {
  if (shape.kind === 'record') return shape.fields.some((field) => hasVariable(field.shape));
  return shape.kind === 'string' || shape.kind === 'array' || (shape.kind === 'nullable' && hasVariable(shape.of));
}

function collect(shape: Shape, enums: Map<string, readonly string[]>, parts: Map<string, readonly FieldShape[]>): void {
  if (shape.kind === 'enum') enums.set(shape.name, shape.symbols);
  if (shape.kind === 'nullable' || shape.kind === 'array') collect(shape.of, enums, parts);
  if (shape.kind === 'record') {
    parts.set(shape.name, shape.fields);
    for (const field of shape.fields) collect(field.shape, enums, parts);
  }
}

function collectBrands(shape: Shape, brands: Set<string>): void {
  if ((shape.kind === 'int' || shape.kind === 'long') && shape.brand !== undefined) brands.add(shape.brand);
  if (shape.kind === 'nullable' || shape.kind === 'array') collectBrands(shape.of, brands);
  if (shape.kind === 'record') for (const field of shape.fields) collectBrands(field.shape, brands);
}

function sorted<T>(map: ReadonlyMap<string, T>): [string, T][] {
  return [...map].sort(([left], [right]) => (left < right ? -1 : 1));
}
