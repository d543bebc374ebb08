/**
 * Parsing Canonical Form and CRC-64-AVRO fingerprint of an Avro schema, after the Avro specification ("Transforming into
 * Parsing Canonical Form", "Schema Fingerprints"). The fingerprint names the writer's schema in front of every record.
 */
import { type AvroSchema, isUnion } from './generating/avro-schema.ts';

const EMPTY = 0xc15d213aa4d7a795n;
const TABLE: readonly bigint[] = Array.from({ length: 256 }, (_, index) => {
  let value = BigInt(index);
  for (let bit = 0; bit < 8; bit += 1) value = (value >> 1n) ^ (EMPTY & -(value & 1n) & 0xffffffffffffffffn);
  return value;
});

/** CRC-64-AVRO of a canonical form's UTF-8 bytes. */
export function fingerprintOf(canonicalForm: string): bigint {
  let value = EMPTY;
  for (const byte of new TextEncoder().encode(canonicalForm)) {
    value = (value >> 8n) ^ TABLE[Number((value ^ BigInt(byte)) & 0xffn)]!;
  }
  return value;
}

/** The eight bytes of a fingerprint as single-object encoding writes them, lowest first, in hexadecimal. */
export function fingerprintHex(fingerprint: bigint): string {
  const bytes = fingerprint.toString(16).padStart(16, '0').match(/../g)!;
  return bytes.reverse().join('');
}

/** Parsing Canonical Form: full names, no docs, defaults or aliases, attributes in the specified order. */
export function canonicalForm(schema: AvroSchema, namespace = ''): string {
  if (typeof schema === 'string') return JSON.stringify(isPrimitive(schema) ? schema : fullName(schema, namespace));
  if (isUnion(schema)) return `[${schema.map((branch) => canonicalForm(branch, namespace)).join(',')}]`;
  const inner = schema.namespace ?? namespace;
  switch (schema.type) {
    case 'record': {
      const fields = schema.fields.map(
        (field) => `{"name":${JSON.stringify(field.name)},"type":${canonicalForm(field.type, inner)}}`,
      );
      return `{"name":${JSON.stringify(fullName(schema.name, inner))},"type":"record","fields":[${fields.join(',')}]}`;
    }
    case 'enum':
      return `{"name":${JSON.stringify(fullName(schema.name, inner))},"type":"enum","symbols":${JSON.stringify(schema.symbols)}}`;
    case 'array':
      return `{"type":"array","items":${canonicalForm(schema.items, inner)}}`;
    default:
      return canonicalForm(schema.type, inner);
  }
}

function isPrimitive(name: string): boolean {
  return ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'].includes(name);
}

function fullName(name: string, namespace: string): string {
  return name.includes('.') || namespace === '' ? name : `${namespace}.${name}`;
}
