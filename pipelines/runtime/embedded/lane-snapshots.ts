/**
 * A lane's own snapshots: where it stands in each log, and the state of its follower stages there. Written aside,
 * synced, renamed. They only save work: a lane without one begins at the start of the log, and its sink drops what it has.
 *
 * File: u32 length of a JSON header, the header, then the states one after the other, then CRC-32 of all before it.
 */
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { LaneState } from '../lane.ts';
import { syncFully, writeFully } from '../log/write-fully.ts';
import { type Disk, readWhole } from '../outside/disk.ts';

const KEEP = 3;
const NAME = /^\d{16}\.lane$/;

export interface LaneSnapshot {
  readonly lane: LaneState;
  /** State of a sink that lives in memory. */
  readonly sink?: Uint8Array | undefined;
}

interface Header {
  readonly positions: LaneState['positions'];
  readonly sequences: LaneState['sequences'];
  readonly stages: readonly { stage: string; partition: number; timeMicros: number; bytes: number }[];
  readonly sinkBytes: number;
}

export class LaneSnapshots {
  readonly #disk: Disk;
  readonly #directory: string;

  constructor(disk: Disk, directory: string) {
    this.#disk = disk;
    this.#directory = directory;
    disk.makeDirectory(directory);
  }

  /** `synced: false` leaves it to the system when the file reaches the disk: a torn one is passed over later. */
  save(snapshot: LaneSnapshot, { synced = true } = {}): void {
    const names = this.#names();
    const next = names.length === 0 ? 1 : Number(names.at(-1)!.slice(0, 16)) + 1;
    const name = `${String(next).padStart(16, '0')}.lane`;
    const bytes = encode(snapshot);
    const aside = join(this.#directory, `${name}.aside`);
    if (this.#disk.exists(aside)) this.#disk.unlink(aside);
    const file = this.#disk.open(aside, 'create');
    try {
      writeFully(file, bytes, 0, bytes.length, 0);
      if (synced) syncFully(file);
    } finally {
      file.close();
    }
    this.#disk.rename(aside, join(this.#directory, name));
    if (synced) this.#disk.syncDirectory(this.#directory);
    for (const old of names.slice(0, Math.max(0, names.length + 1 - KEEP)))
      this.#disk.unlink(join(this.#directory, old));
  }

  /** The newest whole snapshot that is nowhere ahead of `positions`. With no positions given, the newest whole one. */
  newestAtOrBefore(positions: ReadonlyMap<string, number> | undefined): LaneSnapshot | undefined {
    for (const name of this.#names().reverse()) {
      const snapshot = decode(readWhole(this.#disk, join(this.#directory, name)));
      if (!snapshot) continue;
      const ahead = Object.entries(snapshot.lane.positions).some(
        ([key, next]) => positions && next > (positions.get(key) ?? 0),
      );
      if (!ahead) return snapshot;
    }
    return undefined;
  }

  #names(): string[] {
    return this.#disk.readDirectory(this.#directory).filter((name) => NAME.test(name));
  }
}

function encode({ lane, sink }: LaneSnapshot): Uint8Array {
  const header: Header = {
    positions: lane.positions,
    sequences: lane.sequences,
    stages: lane.stages.map(({ stage, partition, timeMicros, state }) => ({
      stage,
      partition,
      timeMicros,
      bytes: state.length,
    })),
    sinkBytes: sink?.length ?? 0,
  };
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  const body = Buffer.concat([length, text, ...lane.stages.map(({ state }) => state), sink ?? new Uint8Array(0)]);
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(crc32(body));
  return Buffer.concat([body, sum]);
}

/** Undefined: the file is not whole. */
function decode(bytes: Uint8Array): LaneSnapshot | undefined {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (file.length < 8 || crc32(file.subarray(0, -4)) !== file.readUInt32LE(file.length - 4)) return undefined;
  const length = file.readUInt32LE(0);
  const header = JSON.parse(file.toString('utf8', 4, 4 + length)) as Header;
  let at = 4 + length;
  const stages = header.stages.map(({ stage, partition, timeMicros, bytes: stateBytes }) => {
    const state = new Uint8Array(file.subarray(at, at + stateBytes));
    at += stateBytes;
    return { stage, partition, timeMicros, state };
  });
  const sink = header.sinkBytes > 0 ? new Uint8Array(file.subarray(at, at + header.sinkBytes)) : undefined;
  return { lane: { positions: header.positions, sequences: header.sequences, stages }, sink };
}
