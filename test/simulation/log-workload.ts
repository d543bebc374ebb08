/**
 * Commands that a number fixes, and the dullest state that can be folded from them: what a log, its snapshots and its recovery are held to.
 * Nothing here knows how a log stores anything.
 */
import { createHash } from 'node:crypto';
import { seededRandom } from '../../pipelines/runtime/outside/seeded-random.ts';
import { packChainKey } from '../../schemas/ids.ts';

export const COMMANDS_LOG = 1;
export const MARKET_LOG = 3;
export const PARTITIONS = 2;

export interface WorkloadRecord {
  readonly chainKey: number;
  readonly log: number;
  readonly partition: number;
  readonly payload: Uint8Array;
}

/** The records of command `number`, from 1: its own first, then up to five that it caused, now and then very many. */
export function recordsOfCommand(seed: number, number: number): readonly WorkloadRecord[] {
  const random = seededRandom(seed * 1_000_003 + number);
  const partition = random.below(PARTITIONS);
  const many = random.below(97) === 0;
  const count = many ? 24 : 1 + random.below(6);
  const records: WorkloadRecord[] = [];
  for (let index = 0; index < count; index++) {
    const target = index === 0 ? partition : random.below(PARTITIONS);
    const payload = new Uint8Array(12 + random.below(many ? 1000 : 200));
    const view = new DataView(payload.buffer);
    view.setUint32(0, number, true);
    view.setUint32(4, index, true);
    view.setUint32(8, count, true);
    for (let at = 12; at < payload.length; at++) payload[at] = random.below(256);
    records.push({
      chainKey: index === 0 ? packChainKey(1, 0, partition) : packChainKey(2, partition, target),
      log: index === 0 ? COMMANDS_LOG : MARKET_LOG,
      partition: target,
      payload,
    });
  }
  return records;
}

/** State after a number of commands: where each log partition stands, and a hash over all that went there. */
export class WorkloadState {
  commands = 0;
  readonly next = new Map<string, number>();
  readonly #digests = new Map<string, Buffer>();

  apply(log: number, partition: number, payload: Uint8Array): void {
    const key = `${log}/${partition}`;
    const before = this.#digests.get(key) ?? Buffer.alloc(0);
    this.#digests.set(key, createHash('sha256').update(before).update(payload).digest());
    this.next.set(key, this.nextOffset(log, partition) + 1);
  }

  nextOffset(log: number, partition: number): number {
    return this.next.get(`${log}/${partition}`) ?? 0;
  }

  /** Canonical bytes. */
  encode(): Uint8Array {
    const parts = [...this.next].sort(([a], [b]) => (a < b ? -1 : 1));
    return new Uint8Array(
      Buffer.from(
        JSON.stringify([
          this.commands,
          parts.map(([key, next]) => [key, next, this.#digests.get(key)!.toString('hex')]),
        ]),
      ),
    );
  }

  static decode(bytes: Uint8Array): WorkloadState {
    const [commands, parts] = JSON.parse(Buffer.from(bytes).toString()) as [number, [string, number, string][]];
    const state = new WorkloadState();
    state.commands = commands;
    for (const [key, next, digest] of parts) {
      state.next.set(key, next);
      state.#digests.set(key, Buffer.from(digest, 'hex'));
    }
    return state;
  }
}
