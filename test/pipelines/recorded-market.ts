/**
 * A simulated market run through the head of the exchange's own topology, with every record it stored: what the head log
 * would hold, as frames and as the blocks that lanes make of them. A function of its seed.
 */
import { join } from 'node:path';
import defined from '../../pipeline.config.ts';
import { type Catalog, EMPTY_CATALOG, extendCatalog, placeSymbols } from '../../pipelines/runtime/catalog.ts';
import { Head } from '../../pipelines/runtime/embedded/head.ts';
import type { RecordStore } from '../../pipelines/runtime/embedded/record-store.ts';
import { FrameLane } from '../../pipelines/runtime/frame-lane.ts';
import { Lane } from '../../pipelines/runtime/lane.ts';
import { planLane } from '../../pipelines/runtime/lane-plan.ts';
import type { CommittedRecord, SinkBlock } from '../../pipelines/runtime/ports.ts';
import spot from '../../pipelines/spot.ts';
import { decodeRecord, encodeRecord, recordTypeAt } from '../../schemas/codec.ts';
import { configChanges, placeSymbolsOf, readConfig } from '../../schemas/config.ts';
import { emptyEnvelope } from '../../schemas/envelope.ts';
import type { AnyRecord } from '../../schemas/generated/records.ts';
import { MarketSimulator } from '../../sources/market-simulator/market-simulator.ts';

/** A record as the head log holds it. */
export interface StoredFrame {
  readonly log: string;
  readonly partition: number;
  readonly offset: number;
  readonly chainKey: number;
  /** Single-object encoding. */
  readonly payload: Uint8Array;
  /** Number of the command it belongs to, from 1. */
  readonly command: number;
}

export interface RecordedMarket {
  readonly catalog: Catalog;
  readonly frames: readonly StoredFrame[];
  /** After the last command, by `stage/partition`. */
  readonly stateHashes: ReadonlyMap<string, string>;
  readonly commands: number;
}

export interface MarketOptions {
  readonly seed: number;
  readonly seconds: number;
  readonly ordersPerSecond: number;
  readonly accounts?: number;
  /** The last clock record is the last command. */
  readonly stopAtTick?: boolean;
}

/** 2026-01-01T00:00:00Z. */
const START_MICROS = 1_767_225_600_000_000;

export function recordMarket(options: MarketOptions): RecordedMarket {
  const file = join(import.meta.dirname, '../../pipeline.config.ts');
  const { config } = readConfig(defined, { file, text: '' }, {});
  const { records } = configChanges(config!, []);
  const counts = { account: config!.partitions.accounts, symbol: config!.partitions.symbols };
  const catalog = placeSymbols(extendCatalog(EMPTY_CATALOG, spot, counts), placeSymbolsOf(config!, records));
  const frames: StoredFrame[] = [];
  const head = new Head(spot, catalog, collecting(frames, catalog));
  const seen: CommittedRecord[] = [];
  head.collectInto(seen);
  const simulator = new MarketSimulator(
    { seed: options.seed, accounts: options.accounts ?? 20, ordersPerSecond: options.ordersPerSecond },
    records.filter((record) => record.type === 'asset_config'),
    records.filter((record) => record.type === 'symbol_config'),
  );
  const run = (source: string, port: string, record: AnyRecord, timeMicros: number) => {
    const { edge, log } = head.inputOf(source, port)!;
    head.run(edge, log, record, timeMicros, null);
    for (const { log: from, record: made } of seen.splice(0)) if (from === 'market') simulator.onMarketRecord(made);
  };
  for (const record of records) run('config', 'changes', record, START_MICROS);
  for (let second = 1; second <= options.seconds; second++) {
    const tickMicros = START_MICROS + second * 1_000_000;
    run('clock', 'ticks', { type: 'tick', symbol: 0, seq: 0, number: second } as AnyRecord, tickMicros);
    if (options.stopAtTick && second === options.seconds) break;
    simulator.onTick(tickMicros as never);
    for (const { record, dueMicros } of simulator.take()) run('simulator', 'commands', record, dueMicros);
  }
  return { catalog, frames, stateHashes: stateHashes(head), commands: head.commands };
}

export function stateHashes(head: Head): ReadonlyMap<string, string> {
  return new Map(head.snapshot().stages.map(({ stage, partition, stateHash }) => [`${stage}/${partition}`, stateHash]));
}

/** Blocks for a sink that reads frames, as its lane makes them. */
export function frameBlocks(market: RecordedMarket, sink = 'archive', blockRecords = 4096): SinkBlock[] {
  const blocks: SinkBlock[] = [];
  const lane = new FrameLane(planLane(spot, sink), blockRecords, ({ free: _, ...block }) => blocks.push(block));
  const envelope = emptyEnvelope();
  for (const { log, partition, offset, chainKey, payload } of market.frames) {
    const tick = recordTypeAt(payload, 0, payload.length) === 'tick';
    if (tick) decodeRecord(payload, 0, payload.length, envelope);
    const tickMicros = tick ? envelope.occurredAt : undefined;
    lane.push(lane.place(log, partition), offset, payload, undefined, 0, payload.length, chainKey, tickMicros);
  }
  return blocks;
}

/** Blocks of records with what the stages of a lane made of them. */
export function recordBlocks(market: RecordedMarket, sink: string, blockRecords = 16_384): SinkBlock[] {
  const blocks: SinkBlock[] = [];
  const plan = planLane(spot, sink);
  const lane = new Lane(plan, market.catalog, blockRecords, ({ free: _, ...block }) => blocks.push(block));
  for (const { log, partition, offset, payload } of market.frames) {
    if (!plan.logs.includes(log)) continue;
    const envelope = emptyEnvelope();
    lane.push(log, partition, offset, decodeRecord(payload, 0, payload.length, envelope), envelope);
  }
  return blocks;
}

function collecting(frames: StoredFrame[], catalog: Catalog): RecordStore {
  const names = new Map(Object.entries(catalog.logs).map(([name, number]) => [number, name]));
  const scratch = new Uint8Array(1 << 20);
  let command = 0;
  return {
    beginCommand() {
      command++;
    },
    append(chainKey, log, partition, offset, envelope, record) {
      const payload = scratch.slice(0, encodeRecord(envelope, record, scratch, 0));
      frames.push({ log: names.get(log)!, partition, offset, chainKey, payload, command });
    },
    endCommand() {},
  };
}
