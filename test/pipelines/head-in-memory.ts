/**
 * The head of the spot exchange without a disk: the real graph and operators, a store that keeps the bytes, and an hour
 * of simulated market as recorded inputs.
 */
import { createHash } from 'node:crypto';
import configFile from '../../pipeline.config.ts';
import { EMPTY_CATALOG, extendCatalog, placeSymbols } from '../../pipelines/runtime/catalog.ts';
import { Head } from '../../pipelines/runtime/embedded/head.ts';
import type { RecordStore } from '../../pipelines/runtime/embedded/record-store.ts';
import type { Graph } from '../../pipelines/runtime/graph.ts';
import type { CommittedRecord } from '../../pipelines/runtime/ports.ts';
import spot from '../../pipelines/spot.ts';
import { encodeRecord } from '../../schemas/codec.ts';
import { type Config, configChanges, placeSymbolsOf, readConfig } from '../../schemas/config.ts';
import type { Envelope } from '../../schemas/envelope.ts';
import type { AnyRecord, Sequence, SymbolId } from '../../schemas/generated/records.ts';
import { MarketSimulator } from '../../sources/market-simulator/market-simulator.ts';
import { thinHistory } from '../../sources/market-simulator/thin-history.ts';

export const START_MICROS = 1_767_225_600_000_000;

/** One input of the head, by the source and port it comes from. */
export interface HeadStep {
  readonly source: string;
  readonly port: string;
  readonly record: AnyRecord;
  readonly stampedMicros: number;
}

export function projectConfig(): Config {
  const { config, faults } = readConfig(configFile, { file: 'pipeline.config.ts', text: '' }, {});
  if (!config) throw new Error(faults.map(({ says }) => says).join('\n'));
  return config;
}

/** Keeps a hash over every record's place and bytes, and how many there were. */
export class HashingStore implements RecordStore {
  records = 0;
  readonly #hash = createHash('sha256');
  readonly #bytes = new Uint8Array(65_536);
  readonly #place = new Float64Array(4);

  beginCommand(): void {}

  append(chainKey: number, log: number, partition: number, offset: number, envelope: Envelope, record: AnyRecord) {
    this.#place.set([chainKey, log, partition, offset]);
    const end = encodeRecord(envelope, record, this.#bytes, 0);
    this.#hash.update(new Uint8Array(this.#place.buffer)).update(this.#bytes.subarray(0, end));
    this.records++;
  }

  endCommand(): void {}

  digest(): string {
    return this.#hash.copy().digest('hex');
  }
}

/** A head of the spot graph, or of one changed by the caller, with every symbol placed. */
export function newHead(store: RecordStore, graph: Graph = spot): Head {
  const config = projectConfig();
  const counts = { account: config.partitions.accounts, symbol: config.partitions.symbols };
  const { records } = configChanges(config, []);
  const catalog = placeSymbols(extendCatalog(EMPTY_CATALOG, spot, counts), placeSymbolsOf(config, records));
  return new Head(graph, catalog, store);
}

export function runStep(head: Head, step: HeadStep): readonly CommittedRecord[] {
  const input = head.inputOf(step.source, step.port);
  if (!input) return [];
  const records: CommittedRecord[] = [];
  head.collectInto(records);
  head.run(input.edge, input.log, step.record, step.stampedMicros, null);
  return records;
}

/** Configuration, then `hours` of simulated market, as the inputs that made it. */
export function simulatedSteps(hours: number, ordersPerSecond = 1.5): HeadStep[] {
  const config = projectConfig();
  const head = newHead(new HashingStore());
  const steps: HeadStep[] = [];
  const { records } = configChanges(config, []);
  const simulator = new MarketSimulator(
    { seed: 7, accounts: 40, ordersPerSecond },
    records.filter((record) => record.type === 'asset_config'),
    records.filter((record) => record.type === 'symbol_config'),
  );
  const take = (step: HeadStep) => {
    steps.push(step);
    for (const { log, record } of runStep(head, step)) if (log === 'market') simulator.onMarketRecord(record);
  };
  for (const record of records) take({ source: 'config', port: 'changes', record, stampedMicros: START_MICROS });
  let number = 0;
  const endMicros = START_MICROS + (hours + 1) * 3_600_000_000;
  const day = thinHistory(
    simulator,
    { endMicros, hours, ordersPerSecond },
    {
      tick(stampedMicros) {
        number++;
        const record = { type: 'tick', symbol: 0 as SymbolId, seq: 0 as Sequence, number } as const;
        take({ source: 'clock', port: 'ticks', record, stampedMicros });
      },
      command: (record, stampedMicros) => take({ source: 'simulator', port: 'commands', record, stampedMicros }),
    },
  );
  for (let next = day.next(); !next.done; next = day.next()) {
    // Driven to its end.
  }
  return steps;
}
