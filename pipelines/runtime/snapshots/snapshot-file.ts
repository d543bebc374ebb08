import { createHash } from 'node:crypto';
import type { DiskFile } from '../outside/disk.ts';

/** A state at one cut of the inboxes, of one partition of one stage. */
export interface StageSnapshot {
  readonly stage: string;
  readonly partition: number;
  readonly generation: number;
  readonly inbox: { readonly log: string; readonly partition: number; readonly nextOffset: number };
  /** Log time of the inbox, microseconds since 1970. */
  readonly timeMicros: number;
  /** Last sequence seen of each producer. */
  readonly producers: readonly { readonly chainKey: number; readonly last: number }[];
  /** Next sequence and end offset of each log partition that the stage writes to. */
  readonly targets: readonly {
    readonly chainKey: number;
    readonly nextSequence: number;
    readonly log: string;
    readonly partition: number;
    readonly endOffset: number;
  }[];
  readonly stateHash: string;
  readonly configurationHash: string;
  readonly state: Uint8Array;
}

export interface Snapshot {
  /** Which snapshots belong together, e.g. `head`, `ledger`. */
  readonly series: string;
  /** Last commit that was durable when the states were taken: replay reads what stands behind it and skips what the states have. */
  readonly from: number;
  /**
   * A commit that was durable when the snapshot was written, with all that the states have seen, and its hash: the log must still have it. A
   * snapshot is written only after its states' last command is durable.
   */
  readonly mark: { readonly commit: number; readonly hash: Uint8Array };
  readonly generation: number;
  readonly takenAtMicros: number;
  /** What the maker needs besides: numbers, strings, lists. */
  readonly about: { readonly [name: string]: unknown };
  readonly stages: readonly StageSnapshot[];
}

/** Everything of a snapshot but the states. */
export interface SnapshotSummary extends Omit<Snapshot, 'stages'> {
  readonly stages: readonly (Omit<StageSnapshot, 'state'> & { readonly stateBytes: number })[];
  readonly fileBytes: number;
}

const MAGIC = 'SLUICSNP';
const VERSION = 1;
const FIXED_BYTES = 24;
const HASH_BYTES = 32;

/**
 * Bytes of a snapshot file: magic (8), version u32, header bytes u32, file bytes u64, header as JSON, the states one behind the other,
 * SHA-256 of all before. Equal snapshots, equal bytes.
 */
export function encodeSnapshot(snapshot: Snapshot): Uint8Array {
  const { series, from, mark, generation, takenAtMicros, about, stages } = snapshot;
  const header = Buffer.from(
    JSON.stringify({
      series,
      from,
      mark: { commit: mark.commit, hash: Buffer.from(mark.hash).toString('hex') },
      generation,
      takenAtMicros,
      about,
      stages: stages.map(({ state, ...rest }) => ({ ...rest, stateBytes: state.length })),
    }),
  );
  const stateBytes = stages.reduce((sum, { state }) => sum + state.length, 0);
  const bytes = new Uint8Array(FIXED_BYTES + header.length + stateBytes + HASH_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(Buffer.from(MAGIC, 'latin1'), 0);
  view.setUint32(8, VERSION, true);
  view.setUint32(12, header.length, true);
  view.setFloat64(16, bytes.length, true);
  bytes.set(header, FIXED_BYTES);
  let at = FIXED_BYTES + header.length;
  for (const { state } of stages) {
    bytes.set(state, at);
    at += state.length;
  }
  bytes.set(createHash('sha256').update(bytes.subarray(0, at)).digest(), at);
  return bytes;
}

/** Reads a snapshot file. A string instead says what is wrong with it: then an older one is taken, nothing of this one is used. */
export function decodeSnapshot(bytes: Uint8Array): Snapshot | string {
  const headerEnd = endOfHeader(bytes, bytes.length);
  if (typeof headerEnd === 'string') return headerEnd;
  const end = bytes.length - HASH_BYTES;
  const hash = createHash('sha256').update(bytes.subarray(0, end)).digest();
  if (!hash.equals(bytes.subarray(end))) return 'the hash over the file is wrong';
  const header = parseHeader(bytes, headerEnd);
  let at = headerEnd;
  const stages = header.stages.map(({ stateBytes, ...rest }) => {
    const state = bytes.subarray(at, at + stateBytes);
    at += stateBytes;
    return { ...rest, state };
  });
  return at === end ? { ...header, stages } : 'the states do not fill the file';
}

/** Reads what a snapshot says of itself, without its states and without proof that they are whole. */
export function readSnapshotSummary(file: DiskFile): SnapshotSummary | string {
  const fileBytes = file.size();
  const fixed = new Uint8Array(FIXED_BYTES);
  file.read(fixed, 0, FIXED_BYTES, 0);
  const headerEnd = endOfHeader(fixed, fileBytes);
  if (typeof headerEnd === 'string') return headerEnd;
  const bytes = new Uint8Array(headerEnd);
  let at = 0;
  while (at < headerEnd) {
    const count = file.read(bytes, at, headerEnd - at, at);
    if (count === 0) return 'the file became shorter while it was read';
    at += count;
  }
  try {
    return { ...parseHeader(bytes, headerEnd), fileBytes };
  } catch {
    return 'the header is no JSON';
  }
}

function endOfHeader(bytes: Uint8Array, fileBytes: number): number | string {
  if (fileBytes < FIXED_BYTES + HASH_BYTES) return `${fileBytes} bytes are no snapshot`;
  if (Buffer.from(bytes.subarray(0, 8)).toString('latin1') !== MAGIC) return 'the file does not begin like a snapshot';
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const version = view.getUint32(8, true);
  if (version !== VERSION) return `snapshot format ${version}; this program reads ${VERSION}`;
  const stated = view.getFloat64(16, true);
  if (stated !== fileBytes) return `the file should have ${stated} bytes, it has ${fileBytes}`;
  const end = FIXED_BYTES + view.getUint32(12, true);
  return end <= fileBytes - HASH_BYTES ? end : 'the header does not fit the file';
}

function parseHeader(bytes: Uint8Array, headerEnd: number): Omit<SnapshotSummary, 'fileBytes'> {
  const header = JSON.parse(Buffer.from(bytes.subarray(FIXED_BYTES, headerEnd)).toString()) as Omit<
    SnapshotSummary,
    'mark' | 'fileBytes'
  > & { readonly mark: { readonly commit: number; readonly hash: string } };
  const { commit, hash } = header.mark;
  return { ...header, mark: { commit, hash: new Uint8Array(Buffer.from(hash, 'hex')) } };
}
