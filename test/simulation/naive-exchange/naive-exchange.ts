/**
 * A second exchange, as dull as possible: arrays, maps and bigints, every search a walk. It is written from the rules and
 * imports nothing of the operators, so that a wrong answer of theirs has something to differ from.
 *
 * Same commands in, same events out: records of the market log and of the accounts log, field by field, numbers included.
 * Logs are arrays here, and a command runs to completion, way back included, before the next one.
 */
import { unreachable } from '../../../schemas/assert.ts';
import type { Admin, AnyRecord, Sequence, SymbolId } from '../../../schemas/generated/records.ts';
import type { AccountCommand, AccountEvent, ControlRecord, MarketEvent, OrderCommand } from '../../../schemas/logs.ts';
import { type Admitted, NaiveAccounts } from './naive-accounts.ts';
import { NaiveMarket } from './naive-market.ts';
import { NaiveBalances } from './naive-money.ts';

export interface NaiveEvent {
  readonly log: 'market' | 'accounts';
  readonly partition: number;
  readonly record: AnyRecord;
}

export interface NaiveExchangeOptions {
  readonly accountPartitions: number;
  /** A symbol lives in partition symbol % symbolPartitions. */
  readonly symbolPartitions: number;
}

type Inbox =
  | { readonly log: 'commands'; readonly partition: number; readonly record: AccountCommand; readonly offset: number }
  | { readonly log: 'orders'; readonly partition: number; readonly record: OrderCommand };

const TWO_40 = 2 ** 40;
const TWO_48 = 2 ** 48;
/** Number of the commands log in a packed position. */
const COMMANDS = 1;

export class NaiveExchange {
  readonly balances: NaiveBalances;
  readonly accounts: NaiveAccounts[] = [];
  readonly markets = new Map<SymbolId, NaiveMarket>();
  private readonly options: NaiveExchangeOptions;
  private readonly offsets: number[];
  private readonly orderTimes: number[];
  private queue: (Inbox & { readonly timeMicros: number; readonly head: number })[] = [];
  private events: NaiveEvent[] = [];
  private timeMicros = 0;
  private head = 0;

  constructor(options: NaiveExchangeOptions) {
    this.options = options;
    this.balances = new NaiveBalances(options.accountPartitions);
    this.offsets = Array.from({ length: options.accountPartitions }, () => 0);
    this.orderTimes = Array.from({ length: options.symbolPartitions }, () => 0);
    for (let partition = 0; partition < options.accountPartitions; partition++) {
      const output = {
        event: (record: AccountEvent) => {
          this.events.push({ log: 'accounts' as const, partition, record });
        },
        admitted: (record: Admitted) => this.toOrders(record, this.partitionOfSymbol(record.symbol)),
      };
      this.accounts.push(new NaiveAccounts(partition, options.accountPartitions, this.balances, output));
    }
  }

  /** Runs one input of the head to completion; returns what it caused on the market log and the accounts log. */
  apply(record: AnyRecord, stampedMicros: number): NaiveEvent[] {
    this.timeMicros = stampedMicros;
    this.events = [];
    if (isControl(record)) {
      // The control log has number 0 and one partition; what it causes is told apart by order ids alone.
      this.head = 0;
      this.control(record);
    } else {
      const command = record as AccountCommand & { account: number };
      const partition = this.partitionOfAccount(command.account);
      this.head = this.positionOf(partition, this.offsets[partition] ?? 0);
      this.toCommands(command, partition);
    }
    for (let next = this.queue.shift(); next !== undefined; next = this.queue.shift()) this.run(next);
    return this.events;
  }

  private run(next: Inbox & { readonly timeMicros: number; readonly head: number }): void {
    this.head = next.head;
    if (next.log === 'commands') {
      const accounts = this.accounts[next.partition];
      const at = {
        stampedMicros: next.timeMicros,
        orderId: next.partition * TWO_40 + next.offset,
        position: this.positionOf(next.partition, next.offset),
      };
      // Log time: what a record causes carries it on.
      this.timeMicros = next.timeMicros;
      accounts?.apply(next.record, {
        ...at,
        logTime: (timeMicros) => {
          this.timeMicros = timeMicros;
        },
      });
      return;
    }
    const time = Math.max(next.timeMicros, this.orderTimes[next.partition] ?? 0);
    this.orderTimes[next.partition] = time;
    this.timeMicros = time;
    this.match(next.record, next.partition, next.head);
  }

  private match(record: OrderCommand, partition: number, head: number): void {
    switch (record.type) {
      case 'admitted_place':
        this.market(record.symbol).place(record, head);
        break;
      case 'admitted_amend':
        this.market(record.symbol).amend(record);
        break;
      case 'admitted_cancel':
        this.market(record.symbol).cancel(record);
        break;
      case 'admitted_cancel_all':
        this.market(record.symbol).cancelAll(record);
        break;
      case 'symbol_config': {
        const market = this.markets.get(record.symbol);
        if (market === undefined) this.markets.set(record.symbol, new NaiveMarket(record, this.outputOf(partition)));
        else market.reconfigure(record);
        break;
      }
      case 'admin':
        for (const market of this.marketsOf(partition)) {
          if (record.symbol === 0 || record.symbol === market.config.symbol) market.admin(record, head);
        }
        break;
      case 'tick':
        for (const market of this.marketsOf(partition)) {
          if (!market.tick(this.timeMicros)) continue;
          for (let target = 0; target < this.options.accountPartitions; target++) {
            this.toCommands(
              {
                type: 'reference_price',
                symbol: market.config.symbol,
                seq: 0 as Sequence,
                priceTicks: Number(market.reference) as never,
              },
              target,
            );
          }
        }
        this.events.push({ log: 'market', partition, record });
        break;
      default:
        unreachable(record);
    }
  }

  /** Which partitions must know of a control record. */
  private control(record: ControlRecord): void {
    switch (record.type) {
      case 'symbol_config':
        this.toAllCommands(record);
        this.toOrders(record, this.partitionOfSymbol(record.symbol));
        break;
      case 'tick':
        this.toAllCommands(record);
        for (let partition = 0; partition < this.options.symbolPartitions; partition++)
          this.toOrders(record, partition);
        break;
      case 'asset_config':
      case 'fee_config':
      case 'limit_config':
      case 'admission_config':
        this.toAllCommands(record);
        break;
      case 'admin':
        this.admin(record);
        break;
      case 'key_revocation':
        break;
      default:
        unreachable(record);
    }
  }

  private admin(admin: Admin): void {
    const aboutAccounts =
      admin.action === 'set_account_state' ||
      admin.action === 'set_account_limits' ||
      ((admin.action === 'cancel_all' || admin.action === 'kill_switch') && admin.account !== 0);
    if (aboutAccounts) {
      if (admin.account === 0) this.toAllCommands(admin);
      else this.toCommands(admin, this.partitionOfAccount(admin.account));
      return;
    }
    if (admin.symbol !== 0) this.toOrders(admin, this.partitionOfSymbol(admin.symbol));
    else
      for (let partition = 0; partition < this.options.symbolPartitions; partition++) this.toOrders(admin, partition);
  }

  private outputOf(partition: number) {
    return {
      market: (record: MarketEvent) => {
        this.events.push({ log: 'market' as const, partition, record });
      },
      back: (record: AccountCommand & { account: number }) =>
        this.toCommands(record, this.partitionOfAccount(record.account)),
    };
  }

  private toAllCommands(record: AccountCommand): void {
    for (let partition = 0; partition < this.options.accountPartitions; partition++) this.toCommands(record, partition);
  }

  private toCommands(record: AccountCommand, partition: number): void {
    const offset = this.offsets[partition] ?? 0;
    this.offsets[partition] = offset + 1;
    this.queue.push({ log: 'commands', partition, record, offset, timeMicros: this.timeMicros, head: this.head });
  }

  private toOrders(record: OrderCommand, partition: number): void {
    this.queue.push({ log: 'orders', partition, record, timeMicros: this.timeMicros, head: this.head });
  }

  private market(symbol: SymbolId): NaiveMarket {
    const market = this.markets.get(symbol);
    if (market === undefined) throw new Error(`symbol ${symbol} has no market`);
    return market;
  }

  private marketsOf(partition: number): NaiveMarket[] {
    return [...this.markets.values()]
      .filter((market) => this.partitionOfSymbol(market.config.symbol) === partition)
      .sort((left, right) => left.config.symbol - right.config.symbol);
  }

  private positionOf(partition: number, offset: number): number {
    return COMMANDS * TWO_48 + partition * TWO_40 + offset;
  }

  private partitionOfAccount(account: number): number {
    return account % this.options.accountPartitions;
  }

  private partitionOfSymbol(symbol: number): number {
    return symbol % this.options.symbolPartitions;
  }
}

function isControl(record: AnyRecord): record is ControlRecord {
  switch (record.type) {
    case 'admin':
    case 'tick':
    case 'key_revocation':
    case 'asset_config':
    case 'symbol_config':
    case 'fee_config':
    case 'limit_config':
    case 'admission_config':
      return true;
    default:
      return false;
  }
}
