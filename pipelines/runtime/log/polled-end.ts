import { join } from 'node:path';
import { segmentName } from '../../../schemas/log-format.ts';
import type { Disk, DiskFile } from '../outside/disk.ts';
import type { Damage } from './damage.ts';
import type { DurablePosition } from './durable-end.ts';
import { readSegmentHeader } from './segment-header.ts';
import { listSegments } from './segment-keeper.ts';
import { SegmentScanner } from './segment-scanner.ts';

/**
 * The durable end of a log that another process writes, read from its files. A trailer that is there proves only that it was written;
 * that it is durable is told by the next one, which names the last commit acknowledged. So this end is one commit behind the writer's,
 * which the clock's records bring up within a second.
 */
export class PolledEnd {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #scanner = new SegmentScanner('trailers', 1024 * 1024);
  /** Commits read that nothing has acknowledged yet. */
  #seen: DurablePosition[] = [];
  #durable: DurablePosition = { commit: 0, segment: 0, segmentFirstCommit: 0, offset: 0 };
  #file: DiskFile | undefined;
  /** What the last read ran into behind the last commit: one that is being written, or damage. Only the writer can tell. */
  stoppedBy: Damage | undefined;
  #segment = 0;
  #segmentFirstCommit = 0;

  constructor(disk: Disk, directory: string) {
    this.#disk = disk;
    this.#directory = directory;
  }

  /** Where the log is durable now, as far as its files tell. */
  read(): DurablePosition {
    while (this.#openNext()) {
      const limit = this.#file!.size();
      let step = this.#scanner.next(limit);
      for (; step === 'commit'; step = this.#scanner.next(limit)) this.#see();
      this.stoppedBy = step === 'damage' ? this.#scanner.damage : undefined;
      // What could not be read may be under way: look at it again next time.
      this.#scanner.forgetAhead();
      if (!this.#nextExists()) break;
    }
    return this.#durable;
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  #see(): void {
    const { commit, position, acknowledged } = this.#scanner;
    this.#seen.push({
      commit,
      segment: this.#segment,
      segmentFirstCommit: this.#segmentFirstCommit,
      offset: position,
    });
    const known = this.#seen.findLastIndex((seen) => seen.commit <= acknowledged);
    if (known < 0) return;
    this.#durable = this.#seen[known]!;
    this.#seen = this.#seen.slice(known + 1);
  }

  #nextExists(): boolean {
    const next = this.#scanner.commit + 1;
    return next !== this.#segmentFirstCommit && this.#disk.exists(join(this.#directory, segmentName(next)));
  }

  /** Opens the newest segment at first, then each that follows. False: there is none. */
  #openNext(): boolean {
    let firstCommit: number | undefined;
    if (!this.#file) firstCommit = listSegments(this.#disk, this.#directory).at(-1);
    else if (this.#nextExists()) firstCommit = this.#scanner.commit + 1;
    else return true;
    if (firstCommit === undefined) return false;
    const file = this.#disk.open(join(this.#directory, segmentName(firstCommit)), 'read');
    const header = readSegmentHeader(file);
    if (typeof header === 'string') {
      file.close();
      return false;
    }
    if (!this.#file) {
      // All before the newest segment was durable before that was begun.
      this.#durable = {
        commit: header.firstCommit - 1,
        segment: header.segment,
        segmentFirstCommit: header.firstCommit,
        offset: header.headerBytes,
      };
    }
    this.close();
    this.#file = file;
    this.#segment = header.segment;
    this.#segmentFirstCommit = header.firstCommit;
    this.#scanner.open(file, header);
    return true;
  }
}
