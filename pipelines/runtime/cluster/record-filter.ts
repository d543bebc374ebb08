/**
 * The eye of every reader of a topic partition: it takes each event once, in the order of its chain, and gives it its
 * offset. What was seen is dropped and counted; a gap stops the reader (65); one number with two contents stops it too
 * (76). What it decides is a function of the partition's records alone, so all readers count alike, wherever they began.
 *
 * Records that entered the graph at a gateway or a clock carry a session: a number that was seen is dropped there too, but
 * nothing about a session ever stops a reader. A session is forgotten when the partition's clock records say that it was
 * silent for longer than any command is valid; an older repeat is then refused by its expiry.
 */
import { assert } from '../../../schemas/assert.ts';
import { decodeRecord, recordTypeAt } from '../../../schemas/codec.ts';
import { emptyEnvelope } from '../../../schemas/envelope.ts';
import { ExitError } from '../../../schemas/exit.ts';
import { chainName } from '../../../schemas/log-format.ts';
import {
  decodeTopicHeader,
  emptyTopicHeader,
  SESSION_BYTES_MAX,
  type TopicHeader,
} from '../../../schemas/topic-record.ts';
import type { BrokerRecord } from './broker.ts';

/** Twice the longest validity of a command, microseconds. */
export const SESSION_MEMORY_MICROS = 120_000_000;
/** Checksums of so many records of each chain are kept, to compare repeats with. */
const REMEMBERED_CRCS = 4_096;

export interface FilterState {
  /**
   * It began in the middle of the log, with the first record that it saw of each chain: then offsets are none that others
   * know, and only for who wants news and nothing else.
   */
  readonly joined?: true;
  /** Next position in the topic partition. */
  readonly nextPhysical: number;
  /** Next offset of an event. */
  readonly nextOffset: number;
  readonly repeats: number;
  /** Of the newest clock record, microseconds. */
  readonly tickMicros: number;
  readonly chains: readonly { readonly chainKey: number; readonly last: number; readonly crc: number }[];
  readonly sessions: readonly {
    readonly session: string;
    readonly last: number;
    readonly heardMicros: number;
  }[];
}

interface Chain {
  last: number;
  crc: number;
  /** By sequence modulo its length. */
  readonly crcs: Uint32Array;
  /** The first sequence whose checksum is remembered. */
  readonly since: number;
}

export interface FilterPlace {
  /** For messages: `log/partition`. */
  readonly name: string;
  readonly generation: number;
  /** Offset of the first event of the topic partition. */
  readonly base: number;
}

export function emptyFilterState(base: number): FilterState {
  return { nextPhysical: 0, nextOffset: base, repeats: 0, tickMicros: 0, chains: [], sessions: [] };
}

export class RecordFilter {
  /** About the record that was taken last. */
  readonly header: TopicHeader = emptyTopicHeader();
  /** Whether it was a clock record. */
  tookTick = false;
  readonly #place: FilterPlace;
  readonly #joined: boolean;
  #nextPhysical: number;
  #nextOffset: number;
  #repeats: number;
  #tickMicros: number;
  readonly #chains = new Map<number, Chain>();
  readonly #sessions = new Map<string, { last: number; heardMicros: number }>();

  constructor(place: FilterPlace, state: FilterState = emptyFilterState(place.base)) {
    this.#place = place;
    this.#joined = state.joined === true;
    this.#nextPhysical = state.nextPhysical;
    this.#nextOffset = state.nextOffset;
    this.#repeats = state.repeats;
    this.#tickMicros = state.tickMicros;
    for (const { chainKey, last, crc } of state.chains) this.#chains.set(chainKey, newChain(last, crc));
    for (const { session, last, heardMicros } of state.sessions) this.#sessions.set(session, { last, heardMicros });
  }

  get nextPhysical(): number {
    return this.#nextPhysical;
  }

  /** Offset that the next event gets. */
  get nextOffset(): number {
    return this.#nextOffset;
  }

  get repeats(): number {
    return this.#repeats;
  }

  /** The record's offset; undefined: a repeat. Throws `ExitError` 65 and 76. */
  take(record: BrokerRecord): number | undefined {
    assert(record.offset === this.#nextPhysical, 'a reader skipped records of a topic');
    const header = this.header;
    const fault = decodeTopicHeader(record.header, record.session, record.value, header);
    if (fault !== undefined) throw this.#damaged(record, fault);
    if (header.generation !== this.#place.generation) {
      throw this.#damaged(record, `it is of generation ${header.generation}, the log is of ${this.#place.generation}`);
    }
    const taken = record.session === '' ? this.#inChain(record, header) : this.#inSession(record, header);
    this.#nextPhysical = record.offset + 1;
    if (!taken) {
      this.#repeats++;
      return undefined;
    }
    this.tookTick = isTick(record);
    if (this.tookTick) this.#tick(record);
    return this.#nextOffset++;
  }

  state(): FilterState {
    return {
      ...(this.#joined ? { joined: true } : {}),
      nextPhysical: this.#nextPhysical,
      nextOffset: this.#nextOffset,
      repeats: this.#repeats,
      tickMicros: this.#tickMicros,
      chains: [...this.#chains]
        .map(([chainKey, { last, crc }]) => ({ chainKey, last, crc }))
        .sort((a, b) => a.chainKey - b.chainKey),
      sessions: [...this.#sessions]
        .map(([session, { last, heardMicros }]) => ({ session, last, heardMicros }))
        .sort((a, b) => (a.session < b.session ? -1 : 1)),
    };
  }

  #inChain(record: BrokerRecord, { chainKey, sequence, prevCrc, crc }: TopicHeader): boolean {
    let chain = this.#chains.get(chainKey);
    if (!chain) {
      chain = this.#joined ? newChain(sequence - 1, prevCrc) : newChain(0, 0);
      this.#chains.set(chainKey, chain);
    }
    if (sequence === chain.last + 1) {
      if (prevCrc !== chain.crc) {
        throw this.#twoHistories(
          record,
          `sequence ${sequence} of ${chainName(chainKey)} follows a record with checksum ${prevCrc}; here ${chain.last} has ${chain.crc}`,
        );
      }
      chain.last = sequence;
      chain.crc = crc;
      chain.crcs[sequence % REMEMBERED_CRCS] = crc;
      return true;
    }
    if (sequence > chain.last) {
      throw this.#damaged(
        record,
        `sequence ${sequence} of ${chainName(chainKey)} follows ${chain.last}: ${sequence - chain.last - 1} records are missing`,
      );
    }
    const known = sequence === chain.last ? chain.crc : chain.crcs[sequence % REMEMBERED_CRCS]!;
    const remembered = sequence === chain.last || (sequence > chain.since && sequence > chain.last - REMEMBERED_CRCS);
    if (remembered && known !== crc) {
      throw this.#twoHistories(
        record,
        `sequence ${sequence} of ${chainName(chainKey)} comes again with checksum ${crc}; the one that was taken has ${known}`,
      );
    }
    return false;
  }

  #inSession({ session }: BrokerRecord, { sequence }: TopicHeader): boolean {
    const known = this.#sessions.get(session);
    if (!known) {
      // A name that is too long was never given by us; its records are taken and it is not remembered.
      if (session.length <= SESSION_BYTES_MAX) {
        this.#sessions.set(session, { last: sequence, heardMicros: this.#tickMicros });
      }
      return true;
    }
    known.heardMicros = this.#tickMicros;
    if (sequence <= known.last) return false;
    known.last = sequence;
    return true;
  }

  #tick({ value }: BrokerRecord): void {
    const envelope = emptyEnvelope();
    decodeRecord(value, 0, value.length, envelope);
    if (envelope.occurredAt <= this.#tickMicros) return;
    this.#tickMicros = envelope.occurredAt;
    for (const [session, { heardMicros }] of this.#sessions) {
      if (heardMicros < this.#tickMicros - SESSION_MEMORY_MICROS) this.#sessions.delete(session);
    }
  }

  #damaged({ offset }: BrokerRecord, what: string): ExitError {
    return new ExitError(65, `${this.#place.name}, position ${offset} of its topic: ${what}`);
  }

  #twoHistories({ offset }: BrokerRecord, what: string): ExitError {
    return new ExitError(76, `${this.#place.name}, position ${offset} of its topic: ${what}. Two producers disagree.`);
  }
}

function isTick({ value }: BrokerRecord): boolean {
  // Told by its schema's fingerprint; a value that is no event is refused by who decodes it.
  return value.length > 10 && recordTypeAt(value, 0, value.length) === 'tick';
}

function newChain(last: number, crc: number): Chain {
  return { last, crc, crcs: new Uint32Array(REMEMBERED_CRCS), since: last };
}
