/** The feed of a source in a cluster: what it offers enters the graph through the writer of its process. */
import type { Ports } from '../../../operators/contract.ts';
import { decodeRecord } from '../../../schemas/codec.ts';
import { emptyEnvelope } from '../../../schemas/envelope.ts';
import { packPosition } from '../../../schemas/ids.ts';
import type { CommittedRecord, Feed, HeadInput, Outcome } from '../ports.ts';
import type { HeadWriter } from './head-writer.ts';
import type { FollowedRecord } from './log-follower.ts';

/** Records that wait to be sent, at most; beyond it intake is full. */
const WAITING_MAX = 8_192;

export class ClusterFeeds {
  readonly #writer: HeadWriter;
  readonly #logNumbers: { readonly [log: string]: number };
  readonly #done = new Map<string, (outcome: Outcome) => void>();

  constructor(writer: HeadWriter, logNumbers: { readonly [log: string]: number }) {
    this.#writer = writer;
    this.#logNumbers = logNumbers;
  }

  feedOf<P extends Ports>(source: string): Feed<P> {
    const writer = this.#writer;
    return {
      offer: (port, inputs) => this.#offer(source, port, inputs),
      room: () => writer.room(),
      get inFlight() {
        return writer.waiting;
      },
    };
  }

  /** An event of a log that this process follows: who waits for its own is told that it is durable. */
  heard(event: FollowedRecord): CommittedRecord {
    const { log, partition, offset, value, session, sequence } = event;
    const envelope = emptyEnvelope();
    const record = decodeRecord(value, 0, value.length, envelope);
    const position = packPosition(this.#logNumbers[log]!, partition, offset);
    const correlationId = envelope.correlationId === 0 ? position : envelope.correlationId;
    const committed = { record, log, partition, offset, occurredAt: envelope.occurredAt, correlationId };
    if (session === this.#writer.session) {
      const key = `${log}/${partition}/${sequence}`;
      const done = this.#done.get(key);
      this.#done.delete(key);
      done?.({ position, records: [committed] });
    }
    return committed;
  }

  #offer(source: string, port: string, inputs: readonly HeadInput[]): boolean {
    const writer = this.#writer;
    if (!writer.wired(source, port) || inputs.length === 0) return true;
    if (writer.waiting + inputs.length > WAITING_MAX) return false;
    for (const { record, stampedMicros, traceparent, done } of inputs) {
      const { log, partition, sequence } = writer.enter(source, port, record, stampedMicros, traceparent ?? null);
      if (done) this.#done.set(`${log}/${partition}/${sequence}`, done);
    }
    return true;
  }
}
