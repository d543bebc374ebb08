/**
 * The manifest: one small object a segment, each with the hash of the one before it of the same log partition. An entry is
 * written after its segment was stored, read back and compared, so what the manifest names is archived. Entries are a
 * function of the log alone: two archivers write the same ones.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import {
  ARCHIVE_FORMAT_VERSION,
  manifestKey,
  parseKey,
  type SegmentName,
  segmentKey,
} from '../../schemas/archive-format.ts';
import { Malformed } from '../../schemas/malformed.ts';
import type { ObjectStore } from './object-store.ts';

export interface ManifestEntry extends SegmentName {
  readonly records: number;
  readonly recordsSha256: string;
  /** Log time of the newest clock record up to the end of the segment, microseconds; 0: none yet. */
  readonly lastTickMicros: number;
  /** Hash of the entry before; zeros for the first. */
  readonly previous: string;
  readonly hash: string;
}

export const NO_PREVIOUS = '0'.repeat(64);

const hex = z.string().regex(/^[0-9a-f]{64}$/);
const whole = z.int().min(0);

const entryShape = z.strictObject({
  format: z.literal(ARCHIVE_FORMAT_VERSION),
  generation: whole,
  log: z.string().min(1),
  partition: whole,
  firstOffset: whole,
  lastOffset: whole,
  records: whole,
  recordsSha256: hex,
  lastTickMicros: whole,
  previous: hex,
  hash: hex,
});

export function manifestEntry(fields: Omit<ManifestEntry, 'hash'>): ManifestEntry {
  return { ...fields, hash: createHash('sha256').update(body(fields)).digest('hex') };
}

export function manifestBytes(entry: ManifestEntry): Uint8Array {
  return Buffer.from(`${JSON.stringify({ ...JSON.parse(body(entry)), hash: entry.hash }, null, 2)}\n`);
}

/** Throws {@link Malformed} when it is no entry, not that of its key, or not what its hash says. */
export function readEntry(key: string, bytes: Uint8Array): ManifestEntry {
  let entry: z.output<typeof entryShape>;
  try {
    entry = entryShape.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch (error) {
    throw new Malformed(`${key} is no entry of a manifest: ${(error as Error).message.split('\n')[0]}`, 0);
  }
  if (manifestKey(entry) !== key) throw new Malformed(`${key} holds the entry of ${segmentKey(entry)}`, 0);
  const { format: _, ...fields } = entry;
  if (manifestEntry(fields).hash !== entry.hash) throw new Malformed(`${key} is not what its hash says`, 0);
  return fields;
}

/** The entries of every log partition of a generation, in order. Throws {@link Malformed} at the first break of a chain. */
export async function readManifest(store: ObjectStore, generation: number): Promise<Map<string, ManifestEntry[]>> {
  const chains = new Map<string, ManifestEntry[]>();
  for (const [place, names] of await listManifest(store, generation)) {
    const chain: ManifestEntry[] = [];
    for (const name of names) {
      const entry = await readNamed(store, name);
      const before = chain.at(-1);
      if (entry.previous !== (before?.hash ?? NO_PREVIOUS)) {
        throw new Malformed(
          `${manifestKey(name)} does not follow ${before ? manifestKey(before) : 'the beginning'}`,
          0,
        );
      }
      chain.push(entry);
    }
    chains.set(place, chain);
  }
  return chains;
}

/** The last entry of every log partition of a generation. Names must be gapless; the entries before are not read. */
export async function readManifestEnds(store: ObjectStore, generation: number): Promise<ManifestEntry[]> {
  const ends: ManifestEntry[] = [];
  for (const names of (await listManifest(store, generation)).values())
    ends.push(await readNamed(store, names.at(-1)!));
  return ends;
}

/** Generations that the archive holds something of. */
export async function listGenerations(store: ObjectStore): Promise<number[]> {
  const names = (await store.list('')).map((key) => parseKey(key)?.generation);
  return [...new Set(names.filter((generation) => generation !== undefined))].sort((a, b) => a - b);
}

async function readNamed(store: ObjectStore, name: SegmentName): Promise<ManifestEntry> {
  const key = manifestKey(name);
  const bytes = await store.read(key);
  if (!bytes) throw new Malformed(`${key} was listed and cannot be read`, 0);
  return readEntry(key, bytes);
}

/** Names of the manifest by log partition, in the order of their offsets. */
async function listManifest(store: ObjectStore, generation: number): Promise<Map<string, SegmentName[]>> {
  const places = new Map<string, SegmentName[]>();
  const prefix = generation === 1 ? 'manifest/' : `generation-${generation}/manifest/`;
  for (const key of await store.list(prefix)) {
    const name = parseKey(key);
    if (!name) continue;
    const place = `${name.log}/${name.partition}`;
    const names = places.get(place) ?? [];
    names.push(name);
    places.set(place, names);
  }
  for (const [place, names] of places) {
    names.sort((a, b) => a.firstOffset - b.firstOffset);
    for (const [index, name] of names.entries()) {
      const wanted = index === 0 ? 0 : names[index - 1]!.lastOffset + 1;
      if (name.firstOffset === wanted) continue;
      throw new Malformed(
        `${place}: the manifest goes from offset ${wanted} to ${name.firstOffset}: segments are missing or overlap`,
        0,
      );
    }
  }
  return places;
}

/** What the hash covers: every field in this order. */
function body(entry: Omit<ManifestEntry, 'hash'>): string {
  const { generation, log, partition, firstOffset, lastOffset, records, recordsSha256, lastTickMicros, previous } =
    entry;
  return JSON.stringify({
    format: ARCHIVE_FORMAT_VERSION,
    generation,
    log,
    partition,
    firstOffset,
    lastOffset,
    records,
    recordsSha256,
    lastTickMicros,
    previous,
  });
}
