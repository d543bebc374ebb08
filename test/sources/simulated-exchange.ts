import { matchOrders } from '../../operators/match-orders.ts';
import defined from '../../pipeline.config.ts';
import { configChanges, readConfig } from '../../schemas/config.ts';
import type { AnyRecord, AssetConfig, SymbolConfig } from '../../schemas/generated/records.ts';
import { MarketSimulator, type SimulatedCommand } from '../../sources/market-simulator/market-simulator.ts';
import type { HistoryTarget } from '../../sources/market-simulator/thin-history.ts';
import { FoldedBook } from '../conformance/folded-book.ts';
import { ExchangeLoop, type LoopRecord } from '../operators/exchange-loop.ts';

/** 2026-01-01T00:00:00Z */
export const START_MICROS = 1_767_225_600_000_000;

/** The simulator before the operators, under the configuration of the repository. */
export class SimulatedExchange implements HistoryTarget {
  readonly simulator: MarketSimulator;
  readonly assets: AssetConfig[];
  readonly symbols: SymbolConfig[];
  readonly books = new Map<number, FoldedBook>();
  /** Records of the market log and the accounts log, by type, or by type and reason. */
  readonly counts = new Map<string, number>();
  readonly trades: { readonly symbol: number; readonly timeMicros: number; readonly priceTicks: number }[] = [];
  readonly commands: SimulatedCommand[] = [];
  private readonly loop: ExchangeLoop;

  constructor(options: { readonly seed: number; readonly ordersPerSecond?: number; readonly startMicros?: number }) {
    const { config } = readConfig(defined, { file: 'pipeline.config.ts', text: '' }, {});
    if (config === undefined) throw new Error('pipeline.config.ts is broken');
    const { records } = configChanges(config, []);
    this.assets = records.filter((record) => record.type === 'asset_config');
    this.symbols = records.filter((record) => record.type === 'symbol_config');
    for (const { symbol } of this.symbols) this.books.set(symbol, new FoldedBook());
    const settings = { seed: options.seed, accounts: 40, ordersPerSecond: options.ordersPerSecond ?? 200 };
    this.simulator = new MarketSimulator(settings, this.assets, this.symbols);
    this.loop = new ExchangeLoop(records, {
      match: matchOrders() as never,
      accountPartitions: 4,
      symbolPartitions: 2,
      startMicros: options.startMicros ?? START_MICROS,
    });
  }

  get timeMicros(): number {
    return this.loop.timeMicros;
  }

  /** Seconds of live market: a tick, what the simulator decides at it, sent when it is due. */
  play(seconds: number): void {
    for (let second = 0; second < seconds; second++) {
      this.tick(this.loop.timeMicros + 1_000_000);
      this.simulator.onTick(this.loop.timeMicros);
      for (const each of this.simulator.take()) {
        this.commands.push(each);
        this.command(each.record, each.dueMicros);
      }
    }
  }

  tick(timeMicros: number): void {
    this.take(this.loop.tick(Math.max(1, timeMicros - this.loop.timeMicros)));
  }

  command(record: AnyRecord, timeMicros: number): void {
    this.take(this.loop.apply(record, timeMicros));
  }

  checkInvariants(): void {
    this.loop.checkInvariants();
  }

  stateHashes(): Map<string, string> {
    return this.loop.stateHashes();
  }

  count(name: string): number {
    return this.counts.get(name) ?? 0;
  }

  private take(records: readonly LoopRecord[]): void {
    for (const { log, record } of records) {
      if (log !== 'market' && log !== 'accounts') continue;
      this.add(`${log} ${record.type}`);
      if (record.type === 'rejected') this.add(`${log} rejected ${record.reason}`);
      if (log !== 'market') continue;
      this.simulator.onMarketRecord(record);
      this.books.get(record.symbol)?.apply(record);
      if (record.type !== 'trade') continue;
      this.trades.push({ symbol: record.symbol, timeMicros: this.loop.timeMicros, priceTicks: record.priceTicks });
    }
    this.loop.records.length = 0;
  }

  private add(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }
}
