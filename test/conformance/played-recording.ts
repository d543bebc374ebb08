import { AccountTable } from '../../operators/accounts/account-table.ts';
import { OpenOrders } from '../../operators/accounts/open-orders.ts';
import { RiskState } from '../../operators/accounts/risk-state.ts';
import { matchOrders } from '../../operators/match-orders.ts';
import type { AnyRecord, Trade } from '../../schemas/generated/records.ts';
import { orderIdOfPosition } from '../../schemas/ids.ts';
import type { RecordedCommand, Recording } from '../../sources/recordings/recording.ts';
import { ExchangeLoop, type LoopRecord } from '../operators/exchange-loop.ts';
import { FoldedBook } from './folded-book.ts';

const ACCOUNT_PARTITIONS = 4;
const TICK_MICROS = 1_000_000;

/** What is left of one asset after a run. */
export interface AssetTotals {
  /** Net of what was brought in; equal to what all accounts have, fees and clearing included. */
  readonly deposited: bigint;
  readonly available: bigint;
  readonly held: bigint;
}

/**
 * A recording on its way through the operators: control, ingest, risk and match, four partitions of accounts, a clock
 * record for each second of recorded time in which something happened.
 */
export class PlayedRecording {
  readonly book = new FoldedBook();
  readonly loop: ExchangeLoop;
  readonly accounts = new Set<number>();
  orders = 0;
  rejected = 0;
  /** Market records of the last command, in order. */
  latest: AnyRecord[] = [];
  private readonly recording: Recording;
  private readonly trace: ((record: unknown) => void) | undefined;
  private readonly clientOrderIds = new Map<number, string>();
  private tickedMicros = 0;

  constructor(recording: Recording, startMicros: number, trace?: (record: unknown) => void) {
    this.recording = recording;
    this.trace = trace;
    const { assets, symbol, fees, limits } = recording.rules;
    this.loop = new ExchangeLoop([...assets, fees, symbol, limits], {
      match: matchOrders() as never,
      accountPartitions: ACCOUNT_PARTITIONS,
      startMicros,
    });
  }

  /** Sends one recorded command; returns its trades. */
  send(record: RecordedCommand, timeMicros: number): Trade[] {
    if (timeMicros >= this.tickedMicros + TICK_MICROS) {
      this.take(this.loop.tick(Math.max(1, timeMicros - this.loop.timeMicros)));
      this.tickedMicros = timeMicros;
    }
    this.latest = [];
    const caused = this.loop.apply(record, timeMicros);
    if (record.type === 'place') {
      this.orders++;
      this.accounts.add(record.account);
      this.clientOrderIds.set(orderIdOfPosition(caused[0]?.position ?? 0), record.clientOrderId);
    }
    this.take(caused);
    return this.latest.filter((market) => market.type === 'trade');
  }

  /** The client order id under which an order was sent. */
  clientOrderIdOf(orderId: number): string {
    return this.clientOrderIds.get(orderId) ?? '';
  }

  /** Cancels all that still rests and gives the totals by asset, every invariant of every stage checked. */
  settle(): Map<number, AssetTotals> {
    for (const account of this.accounts) {
      this.take(
        this.loop.apply({
          type: 'cancel_all',
          symbol: 0 as AnyRecord['symbol'],
          seq: 0 as AnyRecord['seq'],
          account: account as Trade['takerAccount'],
          reason: 'cancel_all',
          validUntil: 0 as never,
        }),
      );
    }
    this.loop.checkInvariants();
    const totals = new Map<number, AssetTotals>();
    for (let partition = 0; partition < ACCOUNT_PARTITIONS; partition++) {
      const state = new RiskState(new AccountTable(), new OpenOrders(), ACCOUNT_PARTITIONS);
      state.restore(this.loop.operatorOf('risk', partition).snapshot());
      for (const { asset } of this.recording.rules.assets) {
        const before = totals.get(asset) ?? { deposited: 0n, available: 0n, held: 0n };
        let { available, held } = before;
        for (let slot = 2; slot < state.accounts.used; slot++) {
          available += BigInt(state.balances.available(slot, asset));
          held += BigInt(state.balances.held(slot, asset));
        }
        const deposited = before.deposited - BigInt(state.balances.available(1, asset));
        totals.set(asset, { deposited, available, held });
      }
    }
    return totals;
  }

  private take(records: readonly LoopRecord[]): void {
    for (const each of records) {
      const { log, record } = each;
      this.trace?.({ log, partition: each.partition, offset: each.offset, record });
      if (log === 'accounts' && record.type === 'rejected') this.rejected++;
      if (log !== 'market') continue;
      this.book.apply(record);
      this.recording.onMarketRecord(record);
      this.latest.push(record);
    }
    // The loop keeps every record for its tests; a recording of a day would fill the memory.
    this.loop.records.length = 0;
  }
}
