import { setTimeout as wait } from 'node:timers/promises';
import type { Sink, SinkBlock, SinkContext } from '../../pipelines/runtime/ports.ts';
import { manifestKey } from '../../schemas/archive-format.ts';
import { assert } from '../../schemas/assert.ts';
import { decodeRecord, recordTypeAt } from '../../schemas/codec.ts';
import { emptyEnvelope } from '../../schemas/envelope.ts';
import { ExitError } from '../../schemas/exit.ts';
import { type FrameRun, RUN_HEADER_BYTES } from '../../schemas/frame-run.ts';
import { Malformed } from '../../schemas/malformed.ts';
import type { ArchiveOptions } from './archive-options.ts';
import { CatalogCopies } from './catalog-copies.ts';
import { type ManifestEntry, manifestBytes, manifestEntry, NO_PREVIOUS, readManifestEnds } from './manifest.ts';
import { type ObjectStore, StoreUnavailable } from './object-store.ts';
import { readSegment } from './segment-reader.ts';
import { type ArchivedSegment, OlderVersionMet, SegmentWriter } from './segment-writer.ts';

export interface ArchiveSinkParts {
  readonly context: SinkContext;
  readonly options: ArchiveOptions;
  readonly store: ObjectStore;
}

/** One log partition on its way into the archive. */
interface Track {
  readonly log: string;
  readonly partition: number;
  writer: SegmentWriter;
  /** Fingerprints of older versions that the open segment has met. */
  older: string[];
  /** Log time from which the open segment counts, microseconds: the newest tick before it, or its first. */
  countsFromMicros: number;
  lastTickMicros: number;
  /** Clock records in the open segment. */
  ticks: number;
  lastEntry: ManifestEntry | undefined;
  /** Next offset that is archived for sure. */
  archivedNext: number;
  /** The storing of closed segments, one after the other. */
  storing: Promise<void>;
}

/**
 * The clock ticks once a second, so as many ticks as seconds are that time. Where log time runs ahead of the ticks (a day
 * that is played in seconds), a segment also closes by its time, once it holds enough to be worth a file.
 */
const WORTH_A_SEGMENT = 1024;
const RETRY_MS = 200;
const RETRY_MS_MAX = 10_000;

/**
 * Collects each log partition into segments and stores them: the segment, read back and compared, then its entry of the
 * manifest. A block counts as taken when it is in an open segment, and what is archived is told by {@link durable}: after
 * a stop, open segments are read from the log again. While the store is away, it waits and the lane waits with it.
 */
export class ArchiveSink implements Sink {
  readonly #parts: ArchiveSinkParts;
  readonly #tracks = new Map<string, Track>();
  readonly #closing = new AbortController();
  readonly #catalog: CatalogCopies;
  #ready: Promise<void> | undefined;
  #failure: unknown;
  #complaint = '';
  readonly #figures = { archivedRecords: 0, archivedBytes: 0, segments: 0, failedCalls: 0, equalSegments: 0 };

  constructor(parts: ArchiveSinkParts) {
    this.#parts = parts;
    this.#catalog = new CatalogCopies(parts.store, parts.context.dataDir);
  }

  async positions(): Promise<Map<string, number>> {
    await (this.#ready ??= this.#open());
    return new Map(this.durable());
  }

  /** Next offset of each log partition that is not yet in the archive. */
  durable(): ReadonlyMap<string, number> {
    return new Map([...this.#tracks].map(([key, track]) => [key, track.archivedNext]));
  }

  async write(block: SinkBlock): Promise<void> {
    await (this.#ready ??= this.#open());
    if (this.#failure) throw this.#failure;
    const track = this.#trackOf(block.log, block.partition);
    const next = track.writer.nextOffset;
    if (block.firstOffset > next) {
      throw new ExitError(
        65,
        `archive: ${block.log}/${block.partition} goes on at offset ${next} and was given ${block.firstOffset}: ${block.firstOffset - next} records are missing`,
      );
    }
    if (block.lastOffset < next) return;
    const run = block.frames;
    assert(run !== undefined, 'the archive is given frames');
    const closed: Promise<void>[] = [];
    let at = bytesOf(run, next - block.firstOffset);
    while (at < run.end) {
      const { segmentRecords } = this.#parts.options;
      at = this.#into(track, run, at, segmentRecords - (track.writer.nextOffset % segmentRecords));
      const tickMicros = at === run.end ? tickOf(run) : undefined;
      const segment = this.#close(track, tickMicros);
      if (segment) closed.push(segment);
    }
    block.free?.();
    await Promise.all(closed);
  }

  figures(): { readonly [nameWithUnit: string]: number | string } {
    let openRecords = 0;
    for (const { writer } of this.#tracks.values()) openRecords += writer.records;
    const state = this.#complaint === '' ? 'archiving' : `waiting: ${this.#complaint}`;
    return { ...this.#figures, openRecords, store: this.#parts.store.name, state };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled([...this.#tracks.values()].map(({ storing }) => storing));
  }

  /** Reads where the manifest ends, and checks that the store creates only once. */
  async #open(): Promise<void> {
    const { store, context } = this.#parts;
    await this.#insist(() => probeStore(store));
    await this.#insist(() => this.#catalog.keep());
    const ends = await this.#insist(() => readManifestEnds(store, context.generation)).catch((error: unknown) => {
      if (error instanceof Malformed) throw new ExitError(65, `archive: ${error.message}`, { cause: error });
      throw error;
    });
    for (const last of ends) {
      const track = this.#trackOf(last.log, last.partition);
      track.lastEntry = last;
      track.archivedNext = last.lastOffset + 1;
      track.lastTickMicros = track.countsFromMicros = last.lastTickMicros;
      track.writer = this.#writerAt(track, track.archivedNext);
    }
  }

  #trackOf(log: string, partition: number): Track {
    const key = `${log}/${partition}`;
    let track = this.#tracks.get(key);
    if (!track) {
      const { generation } = this.#parts.context;
      const writer = new SegmentWriter({ generation, log, partition, firstOffset: 0 }, this.#parts.options.codec);
      track = {
        log,
        partition,
        writer,
        older: [],
        countsFromMicros: 0,
        lastTickMicros: 0,
        ticks: 0,
        lastEntry: undefined,
        archivedNext: 0,
        storing: Promise.resolve(),
      };
      this.#tracks.set(key, track);
    }
    return track;
  }

  #writerAt({ log, partition }: Track, firstOffset: number): SegmentWriter {
    const { generation } = this.#parts.context;
    return new SegmentWriter({ generation, log, partition, firstOffset }, this.#parts.options.codec);
  }

  /** Where what was taken ends a segment, answers the promise of its being stored. `tickMicros`: it ends with a clock record. */
  #close(track: Track, tickMicros: number | undefined): Promise<void> | undefined {
    const { segmentRecords, segmentSeconds } = this.#parts.options;
    if (tickMicros !== undefined) {
      if (track.countsFromMicros === 0) track.countsFromMicros = tickMicros;
      track.lastTickMicros = tickMicros;
      track.ticks++;
    }
    const next = track.writer.nextOffset;
    const byCount = next % segmentRecords === 0;
    const long = track.lastTickMicros - track.countsFromMicros >= segmentSeconds * 1_000_000;
    const byTick =
      tickMicros !== undefined && (track.ticks >= segmentSeconds || (long && track.writer.records >= WORTH_A_SEGMENT));
    if (!byCount && !byTick) return undefined;
    const segment = track.writer.finish();
    const lastTickMicros = track.lastTickMicros;
    track.writer = this.#writerAt(track, next);
    track.older = [];
    track.ticks = 0;
    track.countsFromMicros = lastTickMicros;
    track.storing = track.storing.then(() => this.#store(track, segment, lastTickMicros));
    const stored = track.storing;
    stored.catch((error: unknown) => {
      this.#failure ??= error;
    });
    return stored;
  }

  /** A record of an older version widens the schema: then the open segment is begun again. Returns the byte behind what was taken. */
  #into(track: Track, run: FrameRun, at: number, most: number): number {
    const { writer } = track;
    const before = writer.records;
    try {
      return writer.take(run, at, most);
    } catch (error) {
      if (!(error instanceof OlderVersionMet)) throw error;
      track.older.push(error.fingerprint);
      const taken = writer.records - before;
      const wider = this.#writerAt(track, writer.firstOffset);
      for (const fingerprint of track.older) wider.adopt(fingerprint);
      const begun = writer.finish();
      for (const record of readSegment(begun.key, begun.bytes).records) wider.append(record.payload, record.chainKey);
      track.writer = wider;
      return this.#into(track, run, bytesOf(run, taken, at), most - taken);
    }
  }

  async #store(track: Track, segment: ArchivedSegment, lastTickMicros: number): Promise<void> {
    const { store, context } = this.#parts;
    const firstOffset = track.archivedNext;
    const entry = manifestEntry({
      generation: context.generation,
      log: track.log,
      partition: track.partition,
      firstOffset,
      lastOffset: firstOffset + segment.records - 1,
      records: segment.records,
      recordsSha256: segment.recordsSha256,
      lastTickMicros,
      previous: track.lastEntry?.hash ?? NO_PREVIOUS,
    });
    await this.#insist(() => this.#catalog.keep());
    const created = await this.#insist(() => store.create(segment.key, segment.bytes));
    if (created === 'exists') this.#figures.equalSegments++;
    await this.#insist(() => compareStored(store, segment));
    await this.#insist(() => createEntry(store, entry));
    track.lastEntry = entry;
    track.archivedNext = entry.lastOffset + 1;
    this.#figures.segments++;
    this.#figures.archivedRecords += segment.records;
    this.#figures.archivedBytes += segment.bytes.length;
  }

  /** Asks until the store answers. Says once that it does not, and once that it does again. */
  async #insist<T>(call: () => Promise<T>): Promise<T> {
    for (let waitMs = RETRY_MS; ; waitMs = Math.min(RETRY_MS_MAX, waitMs * 2)) {
      try {
        const result = await call();
        if (this.#complaint !== '') this.#parts.context.say('archive stores again');
        this.#complaint = '';
        return result;
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) throw error;
        this.#figures.failedCalls++;
        if (this.#closing.signal.aborted)
          throw new ExitError(75, `archive closed before it was stored: ${error.message}`);
        if (this.#complaint === '') this.#parts.context.say(`archive waits: ${error.message}`);
        this.#complaint = error.message;
        await wait(waitMs, undefined, { signal: this.#closing.signal }).catch(() => {});
      }
    }
  }
}

/** Twice the same key: the store must refuse the second and keep the first. Throws `ExitError` 78 when it does not. */
async function probeStore(store: ObjectStore): Promise<void> {
  await store.prove?.();
  const key = 'probe/create-only';
  const first = Buffer.from('created once');
  await store.create(key, first);
  const second = await store.create(key, Buffer.from('created twice'));
  const found = await store.read(key);
  if (second !== 'exists' || !found || Buffer.compare(found, first) !== 0) {
    throw new ExitError(
      78,
      `archive: ${store.name} does not keep an object that is created a second time; two histories could not be told apart there`,
    );
  }
}

/** What is stored must hold these records, whoever stored it; other records under the key are another history. */
async function compareStored(store: ObjectStore, segment: ArchivedSegment): Promise<void> {
  const found = await store.read(segment.key);
  if (!found) throw new StoreUnavailable(`${segment.key} was stored and cannot be read`);
  // The same bytes hold the same records; only others have to be read to know whether it is so.
  if (Buffer.compare(found, segment.bytes) === 0) return;
  let recordsSha256: string;
  try {
    ({ recordsSha256 } = readSegment(segment.key, found));
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw new ExitError(65, `archive: ${store.name}: ${segment.key} is damaged: ${error.message}`, { cause: error });
  }
  if (recordsSha256 !== segment.recordsSha256) {
    throw new ExitError(65, `archive: ${store.name}: ${segment.key} holds other records than the log: two histories`);
  }
}

async function createEntry(store: ObjectStore, entry: ManifestEntry): Promise<void> {
  const key = manifestKey(entry);
  const bytes = manifestBytes(entry);
  if ((await store.create(key, bytes)) === 'created') return;
  const found = await store.read(key);
  if (!found) throw new StoreUnavailable(`${key} exists and cannot be read`);
  if (Buffer.compare(found, bytes) !== 0)
    throw new ExitError(65, `archive: ${store.name}: ${key} says something else: two histories`);
}

/** Byte of a run behind so many of its records, counted from byte `from`. */
function bytesOf({ words }: FrameRun, records: number, from = 0): number {
  let at = from;
  for (let left = records; left > 0; left--) at += (RUN_HEADER_BYTES + words[(at >> 2) + 1]! + 7) & ~7;
  return at;
}

/** Log time of the clock record that ends the run; undefined where another record does. Only the last one may be one. */
function tickOf(run: FrameRun): number | undefined {
  const start = bytesOf(run, run.records - 1) + RUN_HEADER_BYTES;
  const end = start + run.words[(start >> 2) - 1]!;
  if (recordTypeAt(run.bytes, start, end) !== 'tick') return undefined;
  const envelope = emptyEnvelope();
  decodeRecord(run.bytes, start, end, envelope);
  return envelope.occurredAt;
}
