/**
 * An empty data directory made whole from an archive. The archive holds the logs one by one; the data directory has one
 * head log in one order of commands. So the commands run again, each as soon as it is the next one in every log partition
 * in which it left a record, and every record it makes is compared with the archived one: what is restored is proven.
 *
 * Log partitions were archived up to different points. A command whose own record is there runs, and what of its effects
 * was not archived yet is made again; a record whose command is not there is cut, and all that depends on it. Where the
 * tails leave the order of commands open, the first one that does not agree with what is archived ends the restore.
 */
import { join } from 'node:path';
import { decodeRecord, encodeRecord } from '../schemas/codec.ts';
import { type Envelope, emptyEnvelope } from '../schemas/envelope.ts';
import { ExitError } from '../schemas/exit.ts';
import { recordCodecs } from '../schemas/generated/codec.ts';
import type { AnyRecord } from '../schemas/generated/records.ts';
import { packPosition } from '../schemas/ids.ts';
import { Malformed } from '../schemas/malformed.ts';
import { readArchivedCatalog } from '../sinks/avro-archive/catalog-copies.ts';
import { type ManifestEntry, readManifest } from '../sinks/avro-archive/manifest.ts';
import type { ObjectStore } from '../sinks/avro-archive/object-store.ts';
import { ArchivedStream, type WaitingRecord } from './archived-stream.ts';
import type { Catalog } from './runtime/catalog.ts';
import type { Edge } from './runtime/edge.ts';
import { readCatalog, writeCatalog } from './runtime/embedded/catalog-file.ts';
import { Head } from './runtime/embedded/head.ts';
import type { RecordStore } from './runtime/embedded/record-store.ts';
import { edgeName, type Graph } from './runtime/graph.ts';
import { openInlineLog } from './runtime/log/inline-log.ts';
import { type LogWriter, logDefaults } from './runtime/log/log-writer.ts';
import { recoverLog } from './runtime/log/recover-log.ts';
import type { Disk } from './runtime/outside/disk.ts';

export interface RestoreOptions {
  readonly store: ObjectStore;
  readonly generation: number;
  readonly graph: Graph;
  readonly disk: Disk;
  readonly dataDir: string;
  readonly segmentBytes?: number;
}

export interface RestoredPartition {
  readonly log: string;
  readonly partition: number;
  /** Next offset in the archive, and in the restored log. */
  readonly archivedNext: number;
  readonly restoredNext: number;
}

export interface RestoredArchive {
  readonly commands: number;
  readonly records: number;
  /** Records made again, whose commands were archived and they not. */
  readonly madeAgain: number;
  readonly partitions: readonly RestoredPartition[];
  /** State of each stage at the end, as the log's own checkpoints would name it. */
  readonly stateHashes: readonly { readonly stage: string; readonly partition: number; readonly stateHash: string }[];
  /** Newest clock record that was restored. */
  readonly lastTick: { readonly number: number; readonly timeMicros: number };
}

/** Commands between two commits of the restored log. */
const COMMIT_COMMANDS = 1024;

/** Throws `ExitError` 65 on a damaged archive, 76 where the program makes other records than are archived, 78 on a directory in use. */
export async function restoreArchive(options: RestoreOptions): Promise<RestoredArchive> {
  const { store, generation, graph, disk, dataDir } = options;
  refuseFilled(disk, dataDir);
  const { catalog, streams } = await openArchive(store, generation);
  disk.makeDirectory(dataDir);
  writeCatalog(disk, dataDir, catalog);
  const writer = openLog(options, catalog);
  const restoring = new RestoringStore(streams, writer, catalog);
  const head = new Head(graph, catalog, restoring);
  const merge = new CommandMerge(streams, head, catalog);
  try {
    let unpublished = 0;
    while (await merge.more()) {
      for (let next = merge.ready(); next; next = merge.ready()) {
        try {
          runCommand(head, next.stream, next.record, merge.inputs);
        } catch (error) {
          // As long as no partition has ended, nothing leaves the order open: then it is the program that differs.
          if (!(error instanceof ArchiveDiffers) || !someEnded(streams, catalog)) throw asExit(error);
          return finish(head, restoring, streams, writer);
        }
        merge.took(next.record.correlationId);
        if (++unpublished % COMMIT_COMMANDS === 0) writer.publish();
      }
    }
    return finish(head, restoring, streams, writer);
  } catch (error) {
    throw asExit(error);
  } finally {
    await writer.close();
  }
}

function refuseFilled(disk: Disk, dataDir: string): void {
  const catalog = readCatalog(disk, dataDir);
  const filled = Object.keys(catalog.logs).length > 0 || disk.readDirectory(join(dataDir, 'log')).length > 0;
  if (filled) throw new ExitError(78, `${dataDir} is not empty: an archive is restored into an empty data directory`);
}

async function openArchive(
  store: ObjectStore,
  generation: number,
): Promise<{ catalog: Catalog; streams: ArchivedStream[] }> {
  let catalog: Catalog;
  let chains: ReadonlyMap<string, readonly ManifestEntry[]>;
  try {
    catalog = await readArchivedCatalog(store, generation);
    chains = await readManifest(store, generation);
  } catch (error) {
    if (error instanceof Malformed) throw new ExitError(65, `archive ${store.name}: ${error.what}`, { cause: error });
    throw error;
  }
  const streams = [...chains.values()].map((entries) => {
    const { log } = entries[0]!;
    const number = catalog.logs[log];
    if (number === undefined)
      throw new ExitError(65, `archive ${store.name}: its catalog does not know the log ${log}`);
    return new ArchivedStream(store, number, entries);
  });
  return { catalog, streams };
}

function openLog(
  { disk, dataDir, segmentBytes = logDefaults.segmentBytes }: RestoreOptions,
  catalog: Catalog,
): LogWriter {
  const directory = join(dataDir, 'log');
  const { end } = recoverLog(disk, { directory, generation: catalog.generation, marks: [], segmentBytes });
  return openInlineLog(disk, {
    directory,
    end,
    segmentBytes,
    fingerprints: recordCodecs.map(({ fingerprint }) => new Uint8Array(Buffer.from(fingerprint, 'hex'))),
    onFailure: (error) => {
      throw error;
    },
  });
}

function runCommand(head: Head, stream: ArchivedStream, front: WaitingRecord, inputs: ReadonlyMap<number, Edge>): void {
  const envelope = emptyEnvelope();
  const record = decodeRecord(front.payload, 0, front.payload.length, envelope);
  const number = Math.floor(front.chainKey / 4096);
  const edge = inputs.get(number);
  if (!edge)
    throw new ExitError(
      76,
      `${stream.log}/${stream.partition} offset ${front.offset} (${record.type}) begins a command, but edge ${number} is no source's`,
    );
  head.run(edge, head.logs.get(stream.log)!, record, envelope.occurredAt, envelope.traceparent);
}

function finish(
  head: Head,
  restoring: RestoringStore,
  streams: readonly ArchivedStream[],
  writer: LogWriter,
): RestoredArchive {
  writer.publish();
  const { commands, lastTick, stages } = head.snapshot();
  return {
    commands: restoring.commands,
    records: restoring.records,
    madeAgain: restoring.madeAgain,
    partitions: streams.map(({ log, partition, archivedNext }) => ({
      log,
      partition,
      archivedNext,
      restoredNext: restoring.next(log, partition),
    })),
    // A head that stopped inside a command is not in the state of the log: the next start says what that is.
    stateHashes:
      commands === restoring.commands
        ? stages.map(({ stage, partition, stateHash }) => ({ stage, partition, stateHash }))
        : [],
    lastTick,
  };
}

function someEnded(streams: readonly ArchivedStream[], catalog: Catalog): boolean {
  const partitions = Object.values(catalog.partitions).reduce((sum, count) => sum + count, 0);
  return streams.length < partitions || streams.some((stream) => stream.read && !stream.front);
}

/** A record made now is not the one that is archived. */
class ArchiveDiffers extends Error {
  override readonly name = 'ArchiveDiffers';
}

function asExit(error: unknown): unknown {
  if (error instanceof ArchiveDiffers) return new ExitError(76, error.message, { cause: error });
  if (error instanceof Malformed) return new ExitError(65, `archive: ${error.what}`, { cause: error });
  return error;
}

/**
 * Finds the next command that may run: its own record is at the front of its partition, and so is the first record of its
 * run in every other partition that holds one. Two such commands share no partition, so either may go first.
 *
 * Partitions are read by segments, and so one further than another. A clock record is copied to every partition within one
 * command, so all records of a command lie between the same two of them everywhere: it may run once every partition is
 * read to the later one.
 */
class CommandMerge {
  /** Edges by which sources write, by number. */
  readonly inputs: ReadonlyMap<number, Edge>;
  readonly #streams: readonly ArchivedStream[];
  readonly #logNumbers: { readonly [log: string]: number };
  /** Partitions in which a command left records, as far as they are read. */
  readonly #runs = new Map<number, number>();
  #tick = 0;

  constructor(streams: readonly ArchivedStream[], head: Head, catalog: Catalog) {
    this.#streams = streams;
    this.#logNumbers = catalog.logs;
    const sources = new Set(head.graph.nodes.filter(({ kind }) => kind === 'source').map(({ id }) => id));
    const wired = head.graph.edges
      .filter(({ from }) => sources.has(from.node))
      .map((edge) => head.edges.get(edgeName(edge)));
    this.inputs = new Map(wired.filter((edge) => edge !== undefined).map((edge) => [edge.number, edge]));
  }

  /** Reads on by one tick everywhere. False: all is read, and nothing more can run. */
  async more(): Promise<boolean> {
    if (this.#streams.every((stream) => stream.read) && this.#tick > 0) return false;
    this.#tick++;
    // One tick ahead: then every run of the commands before this tick is counted.
    for (const stream of this.#streams) {
      await stream.readTo(this.#tick + 1, (command) => this.#runs.set(command, (this.#runs.get(command) ?? 0) + 1));
    }
    return true;
  }

  ready(): { readonly stream: ArchivedStream; readonly record: WaitingRecord } | undefined {
    const fronts = new Map<number, number>();
    let readTo = Number.POSITIVE_INFINITY;
    for (const { front, read, tick } of this.#streams) {
      if (!read) readTo = Math.min(readTo, tick);
      if (front) fronts.set(front.correlationId, (fronts.get(front.correlationId) ?? 0) + 1);
    }
    for (const stream of this.#streams) {
      const record = stream.front;
      if (!record || record.tick >= readTo) continue;
      const position = packPosition(this.#logNumbers[stream.log]!, stream.partition, record.offset);
      if (position !== record.correlationId) continue;
      if (fronts.get(position) === this.#runs.get(position)) return { stream, record };
    }
    return undefined;
  }

  took(command: number): void {
    this.#runs.delete(command);
  }
}

/** Compares what the head makes with what is archived, a command at a time, and then writes it. */
class RestoringStore implements RecordStore {
  commands = 0;
  records = 0;
  madeAgain = 0;
  readonly #writer: LogWriter;
  readonly #names = new Map<number, string>();
  readonly #streams = new Map<string, ArchivedStream>();
  readonly #next = new Map<string, number>();
  #command: {
    chainKey: number;
    log: number;
    partition: number;
    offset: number;
    payload: Uint8Array;
    stream: ArchivedStream | undefined;
  }[] = [];
  #scratch = new Uint8Array(64 * 1024);

  constructor(streams: readonly ArchivedStream[], writer: LogWriter, catalog: Catalog) {
    this.#writer = writer;
    for (const [name, number] of Object.entries(catalog.logs)) this.#names.set(number, name);
    for (const stream of streams) this.#streams.set(`${stream.log}/${stream.partition}`, stream);
  }

  next(log: string, partition: number): number {
    return this.#next.get(`${log}/${partition}`) ?? 0;
  }

  beginCommand(): void {
    this.#command = [];
  }

  append(
    chainKey: number,
    log: number,
    partition: number,
    offset: number,
    envelope: Envelope,
    record: AnyRecord,
  ): void {
    const key = `${this.#names.get(log)}/${partition}`;
    const stream = this.#streams.get(key);
    const payload = this.#encode(envelope, record);
    const front = stream?.front;
    if (!front && stream && !stream.read)
      throw new ArchiveDiffers(`${key} offset ${offset} (${record.type}) is made where the archive has not come to it`);
    if (front) {
      const same =
        front.offset === offset && front.chainKey === chainKey && Buffer.compare(front.payload, payload) === 0;
      if (!same)
        throw new ArchiveDiffers(
          `${key} offset ${offset} (${record.type}) is not what the archive holds at offset ${front.offset}`,
        );
      stream!.take();
    }
    this.#command.push({ chainKey, log, partition, offset, payload, stream: front ? stream : undefined });
  }

  endCommand(): void {
    const writer = this.#writer;
    writer.beginCommand();
    for (const { chainKey, log, partition, offset, payload, stream } of this.#command) {
      const at = writer.reserve();
      writer.bytes.set(payload, at);
      writer.append(chainKey, log, partition, offset, at + payload.length);
      this.#next.set(`${this.#names.get(log)}/${partition}`, offset + 1);
      if (!stream) this.madeAgain++;
    }
    writer.endCommand();
    this.records += this.#command.length;
    this.commands++;
  }

  #encode(envelope: Envelope, record: AnyRecord): Uint8Array {
    for (;;) {
      try {
        return this.#scratch.slice(0, encodeRecord(envelope, record, this.#scratch, 0));
      } catch (error) {
        if ((error as Error).name !== 'DoesNotFit') throw error;
        this.#scratch = new Uint8Array(this.#scratch.length * 4);
      }
    }
  }
}
