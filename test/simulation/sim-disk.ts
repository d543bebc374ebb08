/**
 * A disk that forgets. It keeps what is durable apart from what was only written, file by file, and the entries of folders apart from both: a
 * file that was created or renamed is gone after a crash until its folder is synced. Every change of state is a numbered point at which
 * a crash may be tried.
 *
 * What a crash leaves: of the writes that no sync has covered any subset, in any order, each torn at 512 bytes in most crashes; of the
 * changes of folders any subset, a rename whole or not at all.
 */
import { dirname } from 'node:path';
import type { Disk, DiskFile, OpenMode } from '../../pipelines/runtime/outside/disk.ts';
import type { Random } from '../../pipelines/runtime/outside/random.ts';
import { seededRandom } from '../../pipelines/runtime/outside/seeded-random.ts';

export const SECTOR_BYTES = 512;

export type PointKind = 'create' | 'write' | 'truncate' | 'sync' | 'rename' | 'unlink' | 'sync-directory';

/** A call that changes the disk. */
export interface Point {
  /** From 1. */
  readonly number: number;
  readonly kind: PointKind;
  readonly path: string;
}

/**
 * `crash`: the machine dies during the call. `error`: the call fails with EIO; a sync that fails drops the pages that it should have
 * written, though reads still show them, and the next sync succeeds. `lie`: reported as done and shown to readers, never kept.
 * `misplace`: the write lands one sector further on the medium. `short`: half is written, without an error.
 */
export type Fault = 'crash' | 'error' | 'lie' | 'misplace' | 'short';

/** The machine is gone: every call of the disk throws it from here on. */
export class SimulatedCrash extends Error {
  override readonly name = 'SimulatedCrash';
}

interface Content {
  readonly bytes: Uint8Array;
  readonly size: number;
  /** Somebody else looks at these bytes too: copy before a change. */
  shared: boolean;
}

type PendingChange =
  | { readonly kind: 'write'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'truncate'; readonly size: number };

interface SimNode {
  durable: Content;
  current: Content;
  pending: PendingChange[];
}

interface EntryChange {
  readonly directory: string;
  readonly remove?: string;
  readonly add?: { readonly path: string; readonly node: SimNode };
}

export class SimDisk implements Disk {
  /** What happens to a call; nothing: it works. */
  decide: (point: Point) => Fault | undefined = () => undefined;
  /** Called while a call is under way, when it may survive a crash in part: the moment at which to take an image. */
  onPoint: (point: Point) => void = () => {};
  /** Bytes that all files together may have. A write that needs more is short first, then fails with ENOSPC. */
  capacityBytes = Number.POSITIVE_INFINITY;
  /** Share of sectors of which a read shows a flipped bit, 0 to 1. */
  readDamage = 0;
  /** Points passed so far. */
  points = 0;

  readonly #random: Random;
  readonly #entries = new Map<string, SimNode>();
  readonly #durableEntries = new Map<string, SimNode>();
  #entryChanges: EntryChange[] = [];
  #dead = false;

  constructor(seed = 1) {
    this.#random = seededRandom(seed);
  }

  /** The machine is gone. */
  get dead(): boolean {
    return this.#dead;
  }

  get usedBytes(): number {
    let sum = 0;
    for (const node of this.#entries.values()) sum += node.current.size;
    return sum;
  }

  open(path: string, mode: OpenMode): DiskFile {
    this.#alive();
    const known = this.#entries.get(path);
    if (mode !== 'create') {
      if (!known) throw systemError('ENOENT', `no file ${path}`);
      return new SimFile(this, path, known);
    }
    if (known) throw systemError('EEXIST', `file ${path} exists`);
    const { point, fault } = this.#begin('create', path);
    const node = nodeOf({ bytes: new Uint8Array(0), size: 0, shared: false });
    this.#entries.set(path, node);
    this.#entryChanges.push({ directory: dirname(path), add: { path, node } });
    this.#pass(point, fault);
    return new SimFile(this, path, node);
  }

  exists(path: string): boolean {
    this.#alive();
    return this.#entries.has(path);
  }

  readDirectory(path: string): string[] {
    this.#alive();
    const names: string[] = [];
    for (const name of this.#entries.keys()) if (dirname(name) === path) names.push(name.slice(path.length + 1));
    return names.sort();
  }

  /** Folders exist by the names of their files: making one changes nothing. */
  makeDirectory(): void {
    this.#alive();
  }

  rename(from: string, to: string): void {
    this.#alive();
    const node = this.#entries.get(from);
    if (!node) throw systemError('ENOENT', `no file ${from}`);
    const { point, fault } = this.#begin('rename', to);
    this.#entries.delete(from);
    this.#entries.set(to, node);
    this.#entryChanges.push({ directory: dirname(to), remove: from, add: { path: to, node } });
    this.#pass(point, fault);
  }

  unlink(path: string): void {
    this.#alive();
    if (!this.#entries.has(path)) throw systemError('ENOENT', `no file ${path}`);
    const { point, fault } = this.#begin('unlink', path);
    this.#entries.delete(path);
    this.#entryChanges.push({ directory: dirname(path), remove: path });
    this.#pass(point, fault);
  }

  syncDirectory(path: string): void {
    this.#alive();
    const { point, fault } = this.#begin('sync-directory', path);
    this.#pass(point, fault);
    this.#entryChanges = this.#entryChanges.filter((change) => {
      if (change.directory !== path) return true;
      applyEntry(this.#durableEntries, change);
      return false;
    });
  }

  /**
   * The disk as the next boot finds it if the machine dies now. The seed decides what of the unsynced survives; seed 0 keeps nothing of
   * it. This disk goes on unharmed.
   */
  crashImage(seed: number): SimDisk {
    const random = seededRandom(seed);
    const image = new SimDisk(seed + 1);
    // From "nothing reached the medium" to "nearly all of it": each crash has a mood of its own.
    const kept = seed === 0 ? 0 : (random.below(5) + 1) * 20;
    const survives = (): boolean => random.below(100) < kept;
    const tearing = random.below(100) < 90;
    const entries = new Map(this.#durableEntries);
    for (const change of this.#entryChanges) if (survives()) applyEntry(entries, change);
    for (const [path, node] of entries) {
      const survivor = nodeOf(contentAfterCrash(node, survives, tearing, random));
      image.#entries.set(path, survivor);
      image.#durableEntries.set(path, survivor);
    }
    return image;
  }

  /** The disk as a process that starts now sees it when only the process died: nothing is lost, and nothing more is durable. */
  restartImage(): SimDisk {
    const image = new SimDisk(this.points + 1);
    const copies = new Map<SimNode, SimNode>();
    const copyOf = (node: SimNode): SimNode => {
      const copy = copies.get(node) ?? {
        durable: share(node.durable),
        current: share(node.current),
        pending: [...node.pending],
      };
      copies.set(node, copy);
      return copy;
    };
    for (const [path, node] of this.#entries) image.#entries.set(path, copyOf(node));
    for (const [path, node] of this.#durableEntries) image.#durableEntries.set(path, copyOf(node));
    image.#entryChanges = this.#entryChanges.map((change) =>
      change.add ? { ...change, add: { path: change.add.path, node: copyOf(change.add.node) } } : change,
    );
    return image;
  }

  /** Flips bits of a byte, on the medium and for readers. */
  damage(path: string, at: number, mask: number): void {
    const node = this.#entries.get(path)!;
    for (const which of ['durable', 'current'] as const) {
      const content = own(node, which, 0);
      content.bytes[at]! ^= mask;
    }
  }

  /** All bytes of a file, as readers see them. */
  contents(path: string): Uint8Array {
    const { bytes, size } = this.#entries.get(path)!.current;
    return bytes.slice(0, size);
  }

  /** Puts a file there, durable at once; whatever had the name is gone. */
  place(path: string, bytes: Uint8Array): void {
    const node = nodeOf({ bytes: bytes.slice(), size: bytes.length, shared: false });
    this.#entries.set(path, node);
    this.#durableEntries.set(path, node);
  }

  /** Removes a file, durable at once. */
  remove(path: string): void {
    this.#entries.delete(path);
    this.#durableEntries.delete(path);
  }

  /** For SimFile. */
  readFrom(node: SimNode, bytes: Uint8Array, at: number, length: number, position: number): number {
    this.#alive();
    const count = Math.max(0, Math.min(length, node.current.size - position));
    bytes.set(node.current.bytes.subarray(position, position + count), at);
    if (this.readDamage > 0) {
      for (let sector = 0; sector < count; sector += SECTOR_BYTES) {
        if (this.#random.below(1_000_000) >= this.readDamage * 1_000_000) continue;
        const byte = at + sector + this.#random.below(Math.min(SECTOR_BYTES, count - sector));
        bytes[byte]! ^= 1 << this.#random.below(8);
      }
    }
    return count;
  }

  /** For SimFile. */
  writeTo(node: SimNode, path: string, bytes: Uint8Array, position: number): number {
    this.#alive();
    const { point, fault } = this.#begin('write', path, 'error');
    const grows = Math.max(0, position + bytes.length - node.current.size);
    const room = Math.max(0, this.capacityBytes - this.usedBytes);
    let count = bytes.length - Math.max(0, grows - room);
    if (fault === 'short') count = Math.ceil(count / 2);
    if (count <= 0 && bytes.length > 0) throw systemError('ENOSPC', `no room for ${path}`);
    const taken = bytes.slice(0, count);
    applyChange(node, 'current', { kind: 'write', at: position, bytes: taken });
    if (fault !== 'lie') {
      const at = fault === 'misplace' ? position + SECTOR_BYTES : position;
      node.pending.push({ kind: 'write', at, bytes: taken });
    }
    this.#pass(point, fault);
    return count;
  }

  /** For SimFile. */
  sync(node: SimNode, path: string): void {
    this.#alive();
    const { point, fault } = this.#begin('sync', path);
    if (fault === 'error') {
      node.pending = [];
      throw systemError('EIO', `syncing ${path}`);
    }
    this.#pass(point, fault);
    const pending = node.pending;
    node.pending = [];
    if (fault !== 'lie') for (const change of pending) applyChange(node, 'durable', change);
  }

  /** For SimFile. */
  truncate(node: SimNode, path: string, size: number): void {
    this.#alive();
    const { point, fault } = this.#begin('truncate', path);
    const change: PendingChange = { kind: 'truncate', size };
    applyChange(node, 'current', change);
    node.pending.push(change);
    this.#pass(point, fault);
  }

  #begin(
    kind: PointKind,
    path: string,
    failsBy?: 'error',
  ): { readonly point: Point; readonly fault: Fault | undefined } {
    const point: Point = { number: ++this.points, kind, path };
    const fault = this.decide(point);
    const atOnce = failsBy === 'error' || (kind !== 'sync' && kind !== 'write');
    if (fault === 'error' && atOnce) throw systemError('EIO', `${kind} of ${path}`);
    return { point, fault };
  }

  #pass(point: Point, fault: Fault | undefined): void {
    this.onPoint(point);
    if (fault !== 'crash') return;
    this.#dead = true;
    throw new SimulatedCrash(`crash at point ${point.number}: ${point.kind} ${point.path}`);
  }

  #alive(): void {
    if (this.#dead) throw new SimulatedCrash('the machine is gone');
  }
}

class SimFile implements DiskFile {
  readonly path: string;
  readonly #disk: SimDisk;
  readonly #node: SimNode;

  constructor(disk: SimDisk, path: string, node: SimNode) {
    this.#disk = disk;
    this.path = path;
    this.#node = node;
  }

  size(): number {
    return this.#node.current.size;
  }

  read(bytes: Uint8Array, at: number, length: number, position: number): number {
    return this.#disk.readFrom(this.#node, bytes, at, length, position);
  }

  write(bytes: Uint8Array, at: number, length: number, position: number): number {
    return this.#disk.writeTo(this.#node, this.path, bytes.subarray(at, at + length), position);
  }

  syncData(): void {
    this.#disk.sync(this.#node, this.path);
  }

  truncate(length: number): void {
    this.#disk.truncate(this.#node, this.path, length);
  }

  close(): void {}
}

function nodeOf(durable: Content): SimNode {
  return { durable: share(durable), current: share(durable), pending: [] };
}

function share(content: Content): Content {
  content.shared = true;
  return { ...content, shared: true };
}

/** The content with at least `size` bytes of memory, ours alone. */
function own(node: SimNode, which: 'durable' | 'current', size: number): Content {
  const content = node[which];
  if (!content.shared && content.bytes.length >= size) return content;
  const bytes = new Uint8Array(
    size <= content.bytes.length ? content.bytes.length : Math.max(size, content.bytes.length * 2),
  );
  bytes.set(content.bytes.subarray(0, content.size));
  node[which] = { bytes, size: content.size, shared: false };
  return node[which];
}

function applyChange(node: SimNode, which: 'durable' | 'current', change: PendingChange): void {
  if (change.kind === 'truncate') {
    const content = own(node, which, change.size);
    content.bytes.fill(0, change.size, content.size);
    node[which] = { ...content, size: change.size };
    return;
  }
  const end = change.at + change.bytes.length;
  const content = own(node, which, end);
  content.bytes.set(change.bytes, change.at);
  node[which] = { ...content, size: Math.max(content.size, end) };
}

function applyEntry(entries: Map<string, SimNode>, change: EntryChange): void {
  if (change.remove !== undefined) entries.delete(change.remove);
  if (change.add) entries.set(change.add.path, change.add.node);
}

function contentAfterCrash(node: SimNode, survives: () => boolean, tearing: boolean, random: Random): Content {
  if (node.pending.length === 0) return node.durable;
  const survivors = node.pending.filter(() => survives());
  shuffle(survivors, random);
  const after: SimNode = { durable: share(node.durable), current: node.current, pending: [] };
  for (const change of survivors) {
    if (change.kind === 'truncate') applyChange(after, 'durable', change);
    else for (const piece of tear(change, tearing, random)) applyChange(after, 'durable', piece);
  }
  return after.durable;
}

/** The sectors of a write that reached the medium: all, or, torn, a beginning, an end, or any of them. */
function tear(
  write: Extract<PendingChange, { readonly kind: 'write' }>,
  tearing: boolean,
  random: Random,
): Extract<PendingChange, { readonly kind: 'write' }>[] {
  const end = write.at + write.bytes.length;
  const firstSector = Math.floor(write.at / SECTOR_BYTES);
  const sectors = Math.ceil(end / SECTOR_BYTES) - firstSector;
  if (!tearing || sectors < 2) return [write];
  const manner = random.below(3);
  const cut = random.below(sectors + 1);
  const pieces: Extract<PendingChange, { readonly kind: 'write' }>[] = [];
  for (let sector = 0; sector < sectors; sector++) {
    const reaches = manner === 0 ? sector < cut : manner === 1 ? sector >= cut : random.below(2) === 0;
    if (!reaches) continue;
    const from = Math.max(write.at, (firstSector + sector) * SECTOR_BYTES);
    const to = Math.min(end, (firstSector + sector + 1) * SECTOR_BYTES);
    pieces.push({ kind: 'write', at: from, bytes: write.bytes.subarray(from - write.at, to - write.at) });
  }
  return pieces;
}

function shuffle<T>(items: T[], random: Random): void {
  for (let index = items.length - 1; index > 0; index--) {
    const other = random.below(index + 1);
    const item = items[index]!;
    items[index] = items[other]!;
    items[other] = item;
  }
}

function systemError(code: string, message: string): Error {
  return Object.assign(new Error(`${code}: ${message}`), { code });
}
