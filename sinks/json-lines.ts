/**
 * Records as lines of JSON in a file of the data directory, `lines/<id of the sink>.jsonl`: to look at what a stage says,
 * or to hand it to another program.
 *
 * Beside it lies `<id>.position.json`: how many bytes of the file count, and where in the logs they end. It is replaced
 * only after those bytes are on disk; what lies behind them after a crash is cut off and written again from the log, so
 * every record is in the file once.
 */
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Sink, SinkBlock, SinkDefinition } from '../pipelines/runtime/ports.ts';
import type { Envelope } from '../schemas/envelope.ts';
import { ExitError } from '../schemas/exit.ts';
import type { AnyRecord } from '../schemas/generated/records.ts';
import { recordTypes } from '../schemas/generated/records.ts';
import { recordSet } from '../schemas/logs.ts';

interface Position {
  readonly bytes: number;
  /** Next offset wanted, by `log/partition`. */
  readonly next: { readonly [logPartition: string]: number };
}

interface Waiting {
  readonly block: SinkBlock;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Takes whatever it is wired to. */
export function jsonLines(): SinkDefinition {
  return {
    name: 'jsonLines',
    input: recordSet('EveryRecord', recordTypes),
    blockRecords: 1024,
    open: async ({ dataDir, id }) => new JsonLines(join(dataDir, 'lines'), id),
  };
}

class JsonLines implements Sink {
  readonly #path: string;
  readonly #directory: string;
  readonly #positionPath: string;
  readonly #file: number;
  readonly #next: Map<string, number>;
  #bytes: number;
  #lines = 0;
  #waiting: Waiting[] = [];

  constructor(directory: string, id: string) {
    mkdirSync(directory, { recursive: true });
    this.#directory = directory;
    this.#path = join(directory, `${id}.jsonl`);
    this.#positionPath = join(directory, `${id}.position.json`);
    const { bytes, next } = readPosition(this.#positionPath);
    this.#bytes = bytes;
    this.#next = new Map(Object.entries(next));
    this.#file = openSync(this.#path, existsSync(this.#path) ? 'r+' : 'w+');
    ftruncateSync(this.#file, bytes);
  }

  async positions(): Promise<Map<string, number>> {
    return new Map(this.#next);
  }

  /** Blocks that wait when the event loop comes round are made durable together. */
  write(block: SinkBlock): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.push({ block, resolve, reject }) === 1) setImmediate(() => this.#commit());
    });
  }

  figures() {
    return { lines: this.#lines, file_bytes: this.#bytes };
  }

  async close(): Promise<void> {
    this.#commit();
    closeSync(this.#file);
  }

  #commit(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    if (waiting.length === 0) return;
    try {
      const lines = waiting.flatMap(({ block }) => this.#linesOf(block));
      if (lines.length > 0) {
        this.#bytes += writeAll(this.#file, Buffer.from(lines.join('')), this.#bytes);
        fdatasyncSync(this.#file);
        this.#lines += lines.length;
      }
      this.#savePosition();
      for (const { resolve } of waiting) resolve();
    } catch (error) {
      const failure =
        error instanceof ExitError
          ? error
          : new ExitError(74, `${this.#path}: ${(error as Error).message}`, { cause: error });
      for (const { reject } of waiting) reject(failure);
    }
  }

  /** Nothing of a block that is there already. */
  #linesOf(block: SinkBlock): string[] {
    const key = `${block.log}/${block.partition}`;
    const next = this.#next.get(key) ?? 0;
    if (block.lastOffset < next) return [];
    if (block.firstOffset > next) {
      throw new ExitError(65, `${this.#path} wants ${key} from offset ${next} and was given ${block.firstOffset}`);
    }
    this.#next.set(key, block.lastOffset + 1);
    const outputs = Object.entries(block.outputs).flatMap(([from, { records, envelopes }]) =>
      records.map((record, index) => lineOf(from, record, envelopes[index]!)),
    );
    return [...block.records.map((record, index) => lineOf(block.log, record, block.envelopes[index]!)), ...outputs];
  }

  #savePosition(): void {
    const position: Position = { bytes: this.#bytes, next: Object.fromEntries(this.#next) };
    const aside = `${this.#positionPath}.aside`;
    const file = openSync(aside, 'w');
    try {
      writeAll(file, Buffer.from(`${JSON.stringify(position)}\n`), 0);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(aside, this.#positionPath);
    const directory = openSync(this.#directory, 'r');
    fsyncSync(directory);
    closeSync(directory);
  }
}

function readPosition(path: string): Position {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Position) : { bytes: 0, next: {} };
}

/** A full disk writes less than it was given, without an error: go on until it says so. */
function writeAll(file: number, bytes: Uint8Array, at: number): number {
  for (let written = 0; written < bytes.length; ) {
    written += writeSync(file, bytes, written, bytes.length - written, at + written);
  }
  return bytes.length;
}

/** Where it comes from, its number and time, then the record; wide whole numbers as strings. */
function lineOf(from: string, record: AnyRecord, { eventId, causationId, occurredAt }: Envelope): string {
  const told = { from, eventId, causationId, occurredAt, ...record };
  return `${JSON.stringify(told, (_name, value) => (typeof value === 'bigint' ? value.toString() : value))}\n`;
}
