import { join } from 'node:path';
import defined from '../../pipeline.config.ts';
import { configChanges, readConfig } from '../../schemas/config.ts';
import type { AnyRecord } from '../../schemas/generated/records.ts';
import { MarketSimulator } from '../../sources/market-simulator/market-simulator.ts';
import { ExchangeLoop, type LoopRecord } from './exchange-loop.ts';

/** A simulated market under the configuration of the repository: what its market log says, second by second. */
export class MarketDay {
  readonly #loop: ExchangeLoop;
  readonly #simulator: MarketSimulator;
  #early: LoopRecord[];

  constructor(seed: number) {
    const file = join(import.meta.dirname, '../../pipeline.config.ts');
    const { config } = readConfig(defined, { file, text: '' }, {});
    const { records } = configChanges(config!, []);
    this.#loop = new ExchangeLoop(records);
    this.#early = this.#loop.records.filter(({ log }) => log === 'market');
    this.#simulator = new MarketSimulator(
      { seed, accounts: 20, ordersPerSecond: 60 },
      records.filter((record) => record.type === 'asset_config'),
      records.filter((record) => record.type === 'symbol_config'),
    );
  }

  /** Plays so many seconds; every market record goes to `onMarket` in order, those of the configuration first. */
  play(seconds: number, onMarket: (record: AnyRecord, timeMicros: number) => void): void {
    const take = (records: readonly LoopRecord[]): void => {
      for (const { log, record, timeMicros } of records) {
        if (log !== 'market') continue;
        this.#simulator.onMarketRecord(record);
        onMarket(record, timeMicros);
      }
    };
    take(this.#early);
    this.#early = [];
    for (let second = 0; second < seconds; second += 1) {
      take(this.#loop.tick());
      this.#simulator.onTick(this.#loop.timeMicros as never);
      for (const { record, dueMicros } of this.#simulator.take()) take(this.#loop.apply(record, dueMicros));
    }
  }
}
