import { join } from 'node:path';
import { assert } from '../../../schemas/assert.ts';
import type { DurableMark } from '../log/recover-log.ts';
import { changeFully, syncFully, writeFully } from '../log/write-fully.ts';
import { type Disk, readWhole } from '../outside/disk.ts';
import {
  decodeSnapshot,
  encodeSnapshot,
  readSnapshotSummary,
  type Snapshot,
  type SnapshotSummary,
} from './snapshot-file.ts';

export interface StoredSnapshot {
  readonly name: string;
  readonly series: string;
  /** Commit of the snapshot's mark, as the file's name tells it. */
  readonly commit: number;
}

export interface FoundSnapshot {
  /** Undefined: none is valid. */
  readonly snapshot: Snapshot | undefined;
  readonly name: string | undefined;
  /** Newer ones that could not be used, and why. */
  readonly refused: readonly { readonly name: string; readonly why: string }[];
}

/**
 * Snapshot files of all series in one folder, named `<series>-<commit, 12 digits>.snapshot`. A file is written aside, synced, renamed, and the
 * folder synced: under its name it is whole, or a disk has damaged it since. Write failures end in `ExitError` 74.
 */
export class SnapshotStore {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #keep: number;

  /** `keep`: how many of each series stay. */
  constructor(disk: Disk, directory: string, keep: number) {
    assert(Number.isInteger(keep) && keep >= 1, `snapshots to keep: ${keep} given, at least 1 is needed`);
    this.#disk = disk;
    this.#directory = directory;
    this.#keep = keep;
  }

  /** Durable when it returns. Older ones beyond the number to keep are removed then. Returns the file's name. */
  write(snapshot: Snapshot): string {
    return this.writeBytes(snapshot.series, snapshot.mark.commit, encodeSnapshot(snapshot));
  }

  writeBytes(series: string, commit: number, bytes: Uint8Array): string {
    const disk = this.#disk;
    const name = snapshotName(series, commit);
    const path = join(this.#directory, name);
    const partial = `${path}.partial`;
    changeFully(`writing ${path}`, () => {
      disk.makeDirectory(this.#directory);
      if (disk.exists(partial)) disk.unlink(partial);
      const file = disk.open(partial, 'create');
      try {
        writeFully(file, bytes, 0, bytes.length, 0);
        syncFully(file);
      } finally {
        file.close();
      }
      disk.rename(partial, path);
      disk.syncDirectory(this.#directory);
    });
    this.#retire(series);
    return name;
  }

  /** Every series, newest first within each. */
  list(series?: string): StoredSnapshot[] {
    const found: StoredSnapshot[] = [];
    for (const name of this.#disk.readDirectory(this.#directory)) {
      const match = /^(.+)-(\d{12})\.snapshot$/.exec(name);
      if (match && (series === undefined || match[1] === series)) {
        found.push({ name, series: match[1]!, commit: Number(match[2]) });
      }
    }
    return found.sort((a, b) => (a.series === b.series ? b.commit - a.commit : a.series < b.series ? -1 : 1));
  }

  /** The whole content, or what is wrong with it. */
  read(name: string): Snapshot | string {
    try {
      return decodeSnapshot(readWhole(this.#disk, join(this.#directory, name)));
    } catch (error) {
      return `it cannot be read: ${(error as Error).message}`;
    }
  }

  /** The newest one that is whole and passes `usable`, which answers undefined or why not. */
  newest(series: string, usable: (snapshot: Snapshot) => string | undefined = () => undefined): FoundSnapshot {
    const refused: { name: string; why: string }[] = [];
    for (const { name } of this.list(series)) {
      const snapshot = this.read(name);
      const why = typeof snapshot === 'string' ? snapshot : usable(snapshot);
      if (typeof snapshot !== 'string' && why === undefined) return { snapshot, name, refused };
      refused.push({ name, why: why! });
    }
    return { snapshot: undefined, name: undefined, refused };
  }

  /** What valid snapshots know of the log: recovery must not end before it. */
  marks(): DurableMark[] {
    const marks: DurableMark[] = [];
    for (const { name } of this.list()) {
      const snapshot = this.read(name);
      if (typeof snapshot !== 'string') marks.push({ source: `snapshot ${name}`, ...snapshot.mark });
    }
    return marks;
  }

  /** What a snapshot says of itself, or what is wrong with it; its states are not looked at. */
  summary(name: string): SnapshotSummary | string {
    try {
      const file = this.#disk.open(join(this.#directory, name), 'read');
      try {
        return readSnapshotSummary(file);
      } finally {
        file.close();
      }
    } catch (error) {
      return `it cannot be read: ${(error as Error).message}`;
    }
  }

  /** The first commit that a kept snapshot needs of the log; undefined: there is none, or one that does not say, so all of the log stays. */
  firstCommitNeeded(): number | undefined {
    let needed: number | undefined;
    for (const { name } of this.list()) {
      const summary = this.summary(name);
      if (typeof summary === 'string') return undefined;
      needed = Math.min(needed ?? Number.POSITIVE_INFINITY, summary.from + 1);
    }
    return needed;
  }

  #retire(series: string): void {
    const surplus = this.list(series).slice(this.#keep);
    if (surplus.length === 0) return;
    changeFully(`removing old snapshots of ${this.#directory}`, () => {
      for (const { name } of surplus) this.#disk.unlink(join(this.#directory, name));
      this.#disk.syncDirectory(this.#directory);
    });
  }
}

export function snapshotName(series: string, commit: number): string {
  assert(/^[a-z][a-z0-9-]*$/.test(series), `snapshot series "${series}": small letters, digits and dashes are allowed`);
  return `${series}-${String(commit).padStart(12, '0')}.snapshot`;
}
