/**
 * The layout of an archived segment: an Avro object container file, one record a record of the log, in the order of the
 * offsets. What a record holds stands under the name of its type; every other name is null:
 *
 *     offset       long    position in (log, partition)
 *     chain_key    int     edge (5 bits), source partition (6), target partition (6): the producer's chain
 *     type         enum    which of the names below is not null
 *     body_bytes   int     length of that record's Avro body
 *     <type>       null | the record, envelope included, byte for byte as it stands in the log
 *
 * A union of records would say the same, but tools that show Avro as tables name columns by fields, so `place.account` can
 * be asked of this form. A record of an older version stands under `<type>_v<version>`. The header says which schema
 * fingerprint belongs to each name, so the payload of the log, single-object encoding, can be put together again.
 *
 * Key: `<log>/<partition>/<firstOffset>-<lastOffset>.avro`, from the second generation on below `generation-<number>/`. The
 * sync marker is cut from the SHA-256 of key, schema and fingerprints, so equal records make equal files (of one codec).
 */
import { createHash } from 'node:crypto';
import { fingerprintOfType } from './codec.ts';
import type { RecordType } from './generated/records.ts';
import { olderSchemas, recordSchemas } from './generated/schemas.ts';
import type { AvroField, AvroRecord, AvroSchema } from './generating/avro-schema.ts';
import { isUnion } from './generating/avro-schema.ts';
import { AccountCommand, AccountEvent, ControlRecord, MarketEvent, OrderCommand } from './logs.ts';

/** Fields before the first record type. */
export const ARCHIVE_HEAD_FIELDS = 4;

export const ARCHIVE_FORMAT_VERSION = 1;

export interface ArchivedField {
  /** Name of the field and symbol of `type`. */
  readonly name: string;
  /** As it stands in a payload, 8 bytes in hexadecimal. */
  readonly fingerprint: string;
  readonly schema: AvroRecord;
}

/** What a log's segments hold. */
export interface ArchiveShape {
  readonly log: string;
  readonly fields: readonly ArchivedField[];
  readonly schema: AvroRecord;
  /** The schema as it stands in the file. */
  readonly text: string;
}

const typesOfLog: { readonly [log: string]: readonly RecordType[] } = {
  commands: AccountCommand.types,
  orders: OrderCommand.types,
  market: MarketEvent.types,
  accounts: AccountEvent.types,
  control: ControlRecord.types,
};

/** Every type, for a log that another topology declares. */
const allTypes = Object.keys(recordSchemas) as RecordType[];

const shapes = new Map<string, ArchiveShape>();

/** Shape of a log's segments; with records of older versions, by the fingerprints that were met. */
export function archiveShape(log: string, olderFingerprints: readonly string[] = []): ArchiveShape {
  const older = [...olderFingerprints].sort();
  const key = [log, ...older].join(' ');
  let shape = shapes.get(key);
  if (!shape) shapes.set(key, (shape = buildShape(log, older)));
  return shape;
}

/** Whether a payload's schema is one of an older version that this program knows. */
export function isOlderFingerprint(fingerprint: string): boolean {
  return Object.hasOwn(olderSchemas, fingerprint);
}

function buildShape(log: string, older: readonly string[]): ArchiveShape {
  const types = typesOfLog[log] ?? allTypes;
  const fields: ArchivedField[] = types.map((type) => ({
    name: type,
    fingerprint: fingerprintOfType(type),
    schema: recordSchemas[type],
  }));
  for (const fingerprint of older) {
    const schema = olderSchemas[fingerprint];
    if (schema === undefined) throw new RangeError(`no recorded schema has the fingerprint ${fingerprint}`);
    // Names of an older version are its own: its enums may have had other symbols.
    const version = schema.version ?? 0;
    const renamed = { ...schema, namespace: `sluice.v${version}_${fingerprint}` };
    fields.push({ name: `${schema.name}_v${version}`, fingerprint, schema: renamed });
  }
  const defined = new Set<string>();
  const schema: AvroRecord = {
    type: 'record',
    name: `archived_${log}`,
    namespace: 'sluice',
    doc: `One record of the log ${log}; type says which of the nullable fields it is`,
    fields: [
      { name: 'offset', type: 'long' },
      { name: 'chain_key', type: 'int' },
      { name: 'type', type: { type: 'enum', name: `archived_${log}_type`, symbols: fields.map(({ name }) => name) } },
      { name: 'body_bytes', type: 'int' },
      ...fields.map(
        ({ name, schema: record }): AvroField => ({
          name,
          type: ['null', bare(record, 'sluice', defined) as AvroRecord],
          default: null,
        }),
      ),
    ],
  };
  return { log, fields, schema, text: JSON.stringify(schema) };
}

/**
 * What a reader needs and no more, since every file begins with it: no docs, no brands. Avro defines a name once; where it
 * comes again, the name stands for it.
 */
function bare(schema: AvroSchema, namespace: string, defined: Set<string>): AvroSchema {
  if (typeof schema === 'string') return schema;
  if (isUnion(schema)) return schema.map((branch) => bare(branch, namespace, defined));
  if (schema.type === 'array') return { type: 'array', items: bare(schema.items, namespace, defined) };
  if (schema.type !== 'enum' && schema.type !== 'record') {
    return schema.logicalType === undefined ? schema.type : { type: schema.type, logicalType: schema.logicalType };
  }
  const inner = schema.namespace ?? namespace;
  const fullName = `${inner}.${schema.name}`;
  if (defined.has(fullName)) return fullName;
  defined.add(fullName);
  const own = schema.namespace === undefined || schema.namespace === namespace ? {} : { namespace: schema.namespace };
  if (schema.type === 'enum') return { type: 'enum', name: schema.name, ...own, symbols: schema.symbols };
  const fields = schema.fields.map(
    ({ name, type, default: absent }): AvroField => ({
      name,
      type: bare(type, inner, defined),
      ...(absent === undefined ? {} : { default: absent }),
    }),
  );
  return { type: 'record', name: schema.name, ...own, fields };
}

/** The 16 bytes behind each block of a segment. */
export function syncMarker(key: string, schema: string, fingerprints: string): Uint8Array {
  return createHash('sha256').update(`${key}\0${schema}\0${fingerprints}`).digest().subarray(0, 16);
}

export interface SegmentName {
  readonly generation: number;
  readonly log: string;
  readonly partition: number;
  readonly firstOffset: number;
  readonly lastOffset: number;
}

const keyPattern =
  /^(?:generation-([1-9]\d{0,8})\/)?(?:manifest\/)?([a-z][a-z0-9_-]*)\/(\d{1,3})\/(\d{1,13})-(\d{1,13})\.(?:avro|json)$/;

export function segmentKey(name: SegmentName): string {
  return `${prefixOf(name)}${rangeOf(name)}.avro`;
}

/** Where the manifest's entry of a segment lies. */
export function manifestKey(name: SegmentName): string {
  return `${prefixOf(name)}manifest/${rangeOf(name)}.json`;
}

export function parseKey(key: string): SegmentName | undefined {
  const parts = keyPattern.exec(key);
  if (!parts) return undefined;
  const [, generation = '1', log, partition, firstOffset, lastOffset] = parts;
  return {
    generation: Number(generation),
    log: log!,
    partition: Number(partition),
    firstOffset: Number(firstOffset),
    lastOffset: Number(lastOffset),
  };
}

function prefixOf({ generation }: SegmentName): string {
  return generation === 1 ? '' : `generation-${generation}/`;
}

function rangeOf({ log, partition, firstOffset, lastOffset }: SegmentName): string {
  return `${log}/${partition}/${firstOffset}-${lastOffset}`;
}
