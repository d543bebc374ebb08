/**
 * Proves an archive from end to end: chains of the manifest, every segment against its hash, every record readable, offsets
 * and the sequences of each producer dense, causes never going back.
 */
import { manifestKey, parseKey, segmentKey } from '../../schemas/archive-format.ts';
import { decodeRecord } from '../../schemas/codec.ts';
import { emptyEnvelope } from '../../schemas/envelope.ts';
import {
  chainKeyOfEventId,
  logOfPosition,
  offsetOfPosition,
  partitionOfPosition,
  sequenceOfEventId,
} from '../../schemas/ids.ts';
import { chainName } from '../../schemas/log-format.ts';
import { Malformed } from '../../schemas/malformed.ts';
import { type ManifestEntry, readManifest } from './manifest.ts';
import type { ObjectStore } from './object-store.ts';
import { type ArchivedRecord, readSegment } from './segment-reader.ts';

export interface ArchiveFault {
  /** Object, or log partition, that is not as it must be. */
  readonly where: string;
  readonly says: string;
}

/** What was proven. */
export interface VerifiedPartition {
  readonly log: string;
  readonly partition: number;
  readonly segments: number;
  readonly records: number;
  readonly lastOffset: number;
  /** Log time of the newest clock record, microseconds. */
  readonly lastTickMicros: number;
}

export interface ArchiveVerification {
  readonly partitions: readonly VerifiedPartition[];
  readonly faults: readonly ArchiveFault[];
}

/** Reads all of a generation. Collects faults; a broken chain of the manifest ends the reading of it. */
export async function verifyArchive(store: ObjectStore, generation: number): Promise<ArchiveVerification> {
  const faults: ArchiveFault[] = [];
  const partitions: VerifiedPartition[] = [];
  let chains: Map<string, ManifestEntry[]>;
  try {
    chains = await readManifest(store, generation);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return { partitions, faults: [{ where: 'manifest', says: error.what }] };
  }
  for (const chain of chains.values()) {
    const producers = new ProducerCheck();
    let records = 0;
    for (const entry of chain) {
      const key = segmentKey(entry);
      try {
        records += await verifySegment(store, entry, producers);
      } catch (error) {
        if (!(error instanceof Malformed)) throw error;
        faults.push({ where: key, says: error.what });
      }
    }
    const last = chain.at(-1)!;
    const { log, partition, lastOffset, lastTickMicros } = last;
    partitions.push({ log, partition, segments: chain.length, records, lastOffset, lastTickMicros });
  }
  faults.push(...(await strangers(store, generation, chains)));
  return { partitions, faults };
}

async function verifySegment(store: ObjectStore, entry: ManifestEntry, producers: ProducerCheck): Promise<number> {
  const key = segmentKey(entry);
  const bytes = await store.read(key);
  if (!bytes) throw new Malformed('the manifest names it and it is not there', 0);
  const { records, recordsSha256 } = readSegment(key, bytes);
  if (recordsSha256 !== entry.recordsSha256)
    throw new Malformed(`its records are not those of ${manifestKey(entry)}`, 0);
  for (const record of records) producers.next(record);
  return records.length;
}

/** Segments that no entry names. Those ahead of the manifest are on their way; one that it has passed by is a fault. */
async function strangers(
  store: ObjectStore,
  generation: number,
  chains: ReadonlyMap<string, readonly ManifestEntry[]>,
): Promise<ArchiveFault[]> {
  const known = new Set([...chains.values()].flat().map((entry) => segmentKey(entry)));
  const faults: ArchiveFault[] = [];
  for (const key of await store.list(generation === 1 ? '' : `generation-${generation}/`)) {
    const name = key.endsWith('.avro') ? parseKey(key) : undefined;
    if (!name || name.generation !== generation || known.has(key)) continue;
    const end = chains.get(`${name.log}/${name.partition}`)?.at(-1)?.lastOffset ?? -1;
    if (name.firstOffset <= end) faults.push({ where: key, says: 'the manifest has other segments for these offsets' });
  }
  return faults;
}

/** By chain: sequences from 1 without a gap, causes that never go back. */
class ProducerCheck {
  readonly #last = new Map<number, { sequence: number; cause: number }>();
  readonly #envelope = emptyEnvelope();

  next({ offset, chainKey, payload }: ArchivedRecord): void {
    const envelope = this.#envelope;
    const record = decodeRecord(payload, 0, payload.length, envelope);
    const at = `offset ${offset} (${record.type})`;
    if (chainKeyOfEventId(envelope.eventId) !== chainKey) {
      throw new Malformed(
        `${at}: chain ${chainName(chainKey)} holds an event of ${chainName(chainKeyOfEventId(envelope.eventId))}`,
        0,
      );
    }
    const sequence = sequenceOfEventId(envelope.eventId);
    const last = this.#last.get(chainKey);
    const wanted = last === undefined ? sequence : last.sequence + 1;
    if (sequence !== wanted)
      throw new Malformed(`${at}: sequence ${sequence} of ${chainName(chainKey)}, ${wanted} is wanted`, 0);
    if (last === undefined && sequence !== 1)
      throw new Malformed(`${at}: ${chainName(chainKey)} begins with sequence ${sequence}`, 0);
    if (
      last &&
      sameInbox(last.cause, envelope.causationId) &&
      offsetOfPosition(envelope.causationId) < offsetOfPosition(last.cause)
    ) {
      throw new Malformed(`${at}: its cause lies before that of the record before in ${chainName(chainKey)}`, 0);
    }
    this.#last.set(chainKey, { sequence, cause: envelope.causationId });
  }
}

function sameInbox(one: number, other: number): boolean {
  return logOfPosition(one) === logOfPosition(other) && partitionOfPosition(one) === partitionOfPosition(other);
}
