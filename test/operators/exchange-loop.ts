import assert from 'node:assert/strict';
import { admitCommands } from '../../operators/admit-commands.ts';
import { checkRisk } from '../../operators/check-risk.ts';
import type { Emit, Moment, Operator, OperatorDefinition, Ports, Scope } from '../../operators/contract.ts';
import { fanOutControl } from '../../operators/fan-out-control.ts';
import { matchOrders } from '../../operators/match-orders.ts';
import type { AnyRecord, Micros } from '../../schemas/generated/records.ts';
import { packPosition } from '../../schemas/ids.ts';
import { type AccountCommand, ControlRecord } from '../../schemas/logs.ts';

export type LoopLog = 'control' | 'commands' | 'orders' | 'market' | 'accounts';
const logNumbers: Record<LoopLog, number> = { control: 0, commands: 1, orders: 2, market: 3, accounts: 4 };

/** A record as the loop appended it. */
export interface LoopRecord {
  readonly log: LoopLog;
  readonly partition: number;
  readonly offset: number;
  /** Packed (log, partition, offset). */
  readonly position: number;
  readonly timeMicros: number;
  /** Position of the inbox record that caused it; 0 at the head. */
  readonly causationId: number;
  readonly record: AnyRecord;
}

export interface ExchangeLoopOptions {
  readonly accountPartitions?: number;
  readonly symbolPartitions?: number;
  /** Log time of the first record. */
  readonly startMicros?: number;
  /** Check every operator's invariants after every record. */
  readonly checked?: boolean;
  /** false: what risk admits is answered by whoever holds the loop. */
  readonly match?: boolean;
}

interface LoopStage {
  readonly name: string;
  readonly log: LoopLog;
  readonly partition: number;
  readonly operator: Operator<AnyRecord, Ports>;
  out: Emit<Ports>;
}

/** 2026-01-01T00:00:00Z. */
const START_MICROS = 1_767_225_600_000_000;

/**
 * The head of the exchange in miniature, without a log: control, ingest, risk and match, wired as in the topology. A
 * command, and all that it causes on the way there and back, runs to completion before `apply` returns.
 *
 * @example
 * const exchange = new ExchangeLoop([asset, symbol, fees]);
 * const fills = exchange.apply(place).filter((each) => each.record.type === 'fill');
 */
export class ExchangeLoop {
  /** Stamped on what is applied next; log time may lie later, never earlier. */
  timeMicros: number;
  /** Every record so far, in order. */
  readonly records: LoopRecord[] = [];
  readonly stages: LoopStage[] = [];
  readonly #accountPartitions: number;
  readonly #symbolPartitions: number;
  readonly #offsets = new Map<string, number>();
  readonly #logTimes = new Map<string, number>();
  readonly #queue: LoopRecord[] = [];
  readonly #moment: { -readonly [K in keyof Moment]: Moment[K] } = {
    timeMicros: 0 as Micros,
    position: 0,
    offset: 0,
    partition: 0,
    correlationId: 0,
  };
  #tickNumber = 0;
  readonly #checked: boolean;

  constructor(config: readonly AnyRecord[], options: ExchangeLoopOptions = {}) {
    this.timeMicros = options.startMicros ?? START_MICROS;
    this.#checked = options.checked ?? false;
    this.#accountPartitions = options.accountPartitions ?? 1;
    this.#symbolPartitions = options.symbolPartitions ?? 1;
    this.#addStage('control', 'control', fanOutControl(), 0, new Map());
    for (let partition = 0; partition < this.#accountPartitions; partition++) {
      const shared = new Map<string, unknown>();
      const ingest = this.#addStage('ingest', 'commands', admitCommands(), partition, shared);
      const risk = this.#addStage('risk', 'commands', checkRisk(), partition, shared);
      const toAccounts = (record: AnyRecord, target?: number) => this.#append('accounts', record, partition, target);
      ingest.out = {
        admitted: (record: AnyRecord) => risk.operator.apply(record, this.#moment, risk.out),
        rejected: toAccounts,
      };
      risk.out = {
        events: toAccounts,
        accepted: (record: AnyRecord, target?: number) => this.#append('orders', record, partition, target),
      };
    }
    for (let partition = 0; options.match !== false && partition < this.#symbolPartitions; partition++) {
      this.#addStage('match', 'orders', matchOrders(), partition, new Map()).out = {
        events: (record: AnyRecord, target?: number) => this.#append('market', record, partition, target),
        fills: (record: AnyRecord, target?: number) => this.#append('commands', record, partition, target),
      };
    }
    this.#stage('control', 0).out = {
      accounts: (record: AnyRecord, target?: number) => this.#append('commands', record, 0, target),
      symbols: (record: AnyRecord, target?: number) => this.#append('orders', record, 0, target),
    };
    for (const record of config) this.apply(record);
  }

  /** Runs one input to completion; returns it and every record it caused, in order. */
  apply(record: AnyRecord, stampedMicros: number = this.timeMicros): LoopRecord[] {
    const before = this.records.length;
    this.#moment.timeMicros = stampedMicros as Micros;
    this.#moment.position = 0;
    this.#append(ControlRecord.has(record) ? 'control' : 'commands', record, 0, undefined);
    this.#moment.correlationId = this.records[before]!.position;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) this.#run(next);
    return this.records.slice(before);
  }

  /** A clock record, `afterMicros` after the time so far. */
  tick(afterMicros = 1_000_000): LoopRecord[] {
    this.timeMicros += afterMicros;
    this.#tickNumber++;
    return this.apply({
      type: 'tick',
      symbol: 0 as AnyRecord['symbol'],
      seq: 0 as AnyRecord['seq'],
      number: this.#tickNumber,
    });
  }

  /** A way-back record, as match would send it. */
  answer(record: AccountCommand & { type: 'execution' | 'order_update' | 'reference_price' }): LoopRecord[] {
    return this.apply(record);
  }

  checkInvariants(): void {
    for (const { operator } of this.stages) operator.checkInvariants();
  }

  /** Hash of each stage's state, by `name/partition`. */
  stateHashes(): Map<string, string> {
    return new Map(this.stages.map((stage) => [`${stage.name}/${stage.partition}`, stage.operator.stateHash()]));
  }

  snapshots(): Map<string, Uint8Array> {
    return new Map(this.stages.map((stage) => [`${stage.name}/${stage.partition}`, stage.operator.snapshot()]));
  }

  /** Goes on, as a fresh loop made with the same options, where the other one stands. */
  restoreFrom(other: ExchangeLoop): void {
    for (const [key, bytes] of other.snapshots()) {
      const [name, partition] = key.split('/');
      this.#stage(name!, Number(partition)).operator.restore(bytes);
    }
    for (const [key, offset] of other.#offsets) this.#offsets.set(key, offset);
    for (const [key, time] of other.#logTimes) this.#logTimes.set(key, time);
    this.timeMicros = other.timeMicros;
    this.#tickNumber = other.#tickNumber;
  }

  /** The instance of a stage in a partition. */
  operatorOf(name: string, partition = 0): Operator<AnyRecord, Ports> {
    return this.#stage(name, partition).operator;
  }

  #run(next: LoopRecord): void {
    const moment = this.#moment;
    const inbox = `${next.log}/${next.partition}`;
    moment.timeMicros = Math.max(next.timeMicros, this.#logTimes.get(inbox) ?? 0) as Micros;
    moment.position = next.position;
    moment.offset = next.offset;
    moment.partition = next.partition;
    const reader = this.stages.find((stage) => stage.log === next.log && stage.partition === next.partition);
    if (reader) reader.operator.apply(next.record, moment, reader.out);
    this.#logTimes.set(inbox, moment.timeMicros);
    if (this.#checked) this.checkInvariants();
  }

  #append(log: LoopLog, record: AnyRecord, own: number, target: number | undefined): void {
    const partition = target ?? this.#route(log, record, own);
    const key = `${log}/${partition}`;
    const offset = this.#offsets.get(key) ?? 0;
    this.#offsets.set(key, offset + 1);
    const appended: LoopRecord = {
      log,
      partition,
      offset,
      position: packPosition(logNumbers[log], partition, offset),
      timeMicros: this.#moment.timeMicros,
      causationId: this.#moment.position,
      record,
    };
    this.records.push(appended);
    if (log === 'control' || log === 'commands' || log === 'orders') this.#queue.push(appended);
  }

  #route(log: LoopLog, record: AnyRecord, own: number): number {
    if (log === 'control') return 0;
    if (log === 'commands' || log === 'accounts') {
      const account = 'account' in record ? record.account : 0;
      return account === 0 ? own : account % this.#accountPartitions;
    }
    return record.symbol === 0 ? own : record.symbol % this.#symbolPartitions;
  }

  #addStage<In extends AnyRecord, P extends Ports>(
    name: string,
    log: LoopLog,
    definition: OperatorDefinition<In, P>,
    partition: number,
    shared: Map<string, unknown>,
  ): LoopStage {
    const scope: Scope = {
      partition,
      partitions: {
        control: 1,
        commands: this.#accountPartitions,
        orders: this.#symbolPartitions,
        market: this.#symbolPartitions,
        accounts: this.#accountPartitions,
      },
      shared<T>(key: string, make: () => T): T {
        if (!shared.has(key)) shared.set(key, make());
        return shared.get(key) as T;
      },
    };
    const operator = definition.create(scope) as unknown as Operator<AnyRecord, Ports>;
    const stage: LoopStage = { name, log, partition, operator, out: {} };
    this.stages.push(stage);
    return stage;
  }

  #stage(name: string, partition: number): LoopStage {
    const stage = this.stages.find((each) => each.name === name && each.partition === partition);
    assert(stage, `no stage ${name}/${partition}`);
    return stage;
  }
}
