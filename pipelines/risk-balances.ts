/**
 * Risk's balances at the end of the ledger, from the data directory alone: the newest snapshot that does not lie behind
 * the ledger, and the recorded commands from there up to the end of the command in which the ledger ends. What that
 * command wrote beyond the ledger's end comes as a tail of postings.
 */
import { join } from 'node:path';
import { AccountTable } from '../operators/accounts/account-table.ts';
import { OpenOrders } from '../operators/accounts/open-orders.ts';
import { RiskState } from '../operators/accounts/risk-state.ts';
import { configurationIn } from '../operators/control/known-configuration.ts';
import { postEntries } from '../operators/post-entries.ts';
import { decodeRecord } from '../schemas/codec.ts';
import { emptyEnvelope } from '../schemas/envelope.ts';
import { ExitError } from '../schemas/exit.ts';
import type { AssetConfig, Entry, Micros, Sequence, SymbolId, Tick } from '../schemas/generated/records.ts';
import type { AccountEvent } from '../schemas/logs.ts';
import type { LedgerAmount } from '../sinks/postgres-ledger/ledger-queries.ts';
import type { RiskBalances } from '../sinks/postgres-ledger/reconcile.ts';
import type { Catalog } from './runtime/catalog.ts';
import { readCatalog } from './runtime/embedded/catalog-file.ts';
import { Head } from './runtime/embedded/head.ts';
import { HEAD_SERIES, headSnapshotOf } from './runtime/embedded/head-snapshots.ts';
import { replay } from './runtime/embedded/replay.ts';
import type { RecordedFrame } from './runtime/embedded/replay-store.ts';
import type { Graph } from './runtime/graph.ts';
import { type LogReader, openLogReader } from './runtime/log/log-reader.ts';
import type { Disk } from './runtime/outside/disk.ts';
import { SnapshotStore } from './runtime/snapshots/snapshot-store.ts';

const ACCOUNTS_LOG = 'accounts';

/**
 * Risk where each partition of the ledger ends, by `cursors`. Reads, writes nothing; the exchange may be running.
 * Throws `ExitError` 65 where the log does not reach to the ledger's end, 76 where the replay differs from the log.
 */
export function riskBalancesAt(
  graph: Graph,
  disk: Disk,
  dataDir: string,
  cursors: ReadonlyMap<number, number>,
): { readonly risk: RiskBalances[]; readonly assets: ReadonlyMap<number, AssetConfig> } {
  const catalog = readCatalog(disk, dataDir);
  const head = headAt(graph, catalog, disk, dataDir, cursors);
  const offsets = head.logs.get(ACCOUNTS_LOG)!.nextOffsets;
  const tails = readTails(catalog, disk, dataDir, cursors, offsets);
  const risk = offsets.map((accountsOffset, partition) => ({
    partition,
    accountsOffset,
    balances: balancesIn(head.stage(stageOf(graph, 'checkRisk'), partition)!.operator.snapshot(), offsets.length),
    tail: tails[partition]!,
  }));
  const assets = assetsIn(head.stage(stageOf(graph, 'fanOutControl'), 0)!.operator.snapshot());
  return { risk, assets };
}

/** The assets that the newest snapshot knows; none without a snapshot. */
export function assetsInForce(graph: Graph, disk: Disk, dataDir: string): ReadonlyMap<number, AssetConfig> {
  const { snapshot } = new SnapshotStore(disk, join(dataDir, 'snapshots'), 1).newest(HEAD_SERIES);
  const control = snapshot?.stages.find(({ stage }) => stage === stageOf(graph, 'fanOutControl'));
  return control ? assetsIn(control.state) : new Map();
}

function assetsIn(controlState: Uint8Array): ReadonlyMap<number, AssetConfig> {
  const assets = configurationIn(controlState).filter((record) => record.type === 'asset_config');
  return new Map(assets.map((asset) => [asset.asset, asset]));
}

/** Id of the stage that runs an operator. */
function stageOf(graph: Graph, operator: string): string {
  const node = graph.nodes.find((candidate) => candidate.kind === 'stage' && candidate.definition.name === operator);
  if (!node) throw new ExitError(78, `topology "${graph.id}" has no stage that runs ${operator}`);
  return node.id;
}

function headAt(
  graph: Graph,
  catalog: Catalog,
  disk: Disk,
  dataDir: string,
  cursors: ReadonlyMap<number, number>,
): Head {
  const reaches = (offsets: readonly number[]) =>
    offsets.every((next, partition) => next >= (cursors.get(partition) ?? 0));
  const found = new SnapshotStore(disk, join(dataDir, 'snapshots'), 1).newest(HEAD_SERIES, (snapshot) => {
    const offsets = headSnapshotOf(snapshot).logs[ACCOUNTS_LOG] ?? [];
    const behind = offsets.some((next, partition) => next > (cursors.get(partition) ?? 0));
    return behind ? 'it is ahead of the ledger' : undefined;
  });
  const head = new Head(graph, catalog, { beginCommand() {}, append() {}, endCommand() {} });
  if (found.snapshot) head.restore(headSnapshotOf(found.snapshot));
  const offsets = head.logs.get(ACCOUNTS_LOG)!.nextOffsets;
  const sources = new Set(graph.nodes.filter(({ kind }) => kind === 'source').map(({ id }) => id));
  const inputs = new Set(
    [...head.edges.values()].filter(({ name }) => sources.has(name.split('.')[0]!)).map(({ number }) => number),
  );
  const reader = openLogReader(disk, {
    directory: join(dataDir, 'log'),
    from: {
      positions: [...head.logs.values()].flatMap(({ number, nextOffsets }) =>
        nextOffsets.map((offset, partition) => ({ log: number, partition, offset })),
      ),
    },
  });
  if (reader) {
    const frame = { chainKey: 0, log: 0, partition: 0, offset: 0, bytes: reader.bytes, start: 0, end: 0 };
    const next = (): RecordedFrame | undefined => {
      if (!reader.next()) return undefined;
      const beginsCommand = inputs.has(Math.floor(reader.chainKey / 4096));
      return beginsCommand && reaches(offsets) ? undefined : fill(frame, reader);
    };
    try {
      replay(head, next);
    } finally {
      reader.close();
    }
  }
  if (!reaches(offsets)) {
    const ends = [...cursors].map(
      ([partition, next]) => `${partition}: ledger ${next}, log ${offsets[partition] ?? 0}`,
    );
    throw new ExitError(
      65,
      `the ledger is ahead of the log (next offset of each accounts partition: ${ends.join('; ')}): they do not belong together, or the log lost its end`,
    );
  }
  return head;
}

function fill(
  frame: { -readonly [Name in keyof RecordedFrame]: RecordedFrame[Name] },
  reader: LogReader,
): RecordedFrame {
  frame.chainKey = reader.chainKey;
  frame.log = reader.log;
  frame.partition = reader.partition;
  frame.offset = reader.offset;
  frame.bytes = reader.bytes;
  frame.start = reader.payloadAt;
  frame.end = reader.payloadEnd;
  return frame;
}

/** Per partition, the postings of the accounts records from the ledger's end to where risk stands. */
function readTails(
  catalog: Catalog,
  disk: Disk,
  dataDir: string,
  cursors: ReadonlyMap<number, number>,
  offsets: readonly number[],
): LedgerAmount[][] {
  const log = catalog.logs[ACCOUNTS_LOG]!;
  const posters = offsets.map((_, partition) =>
    postEntries().create({ partition, partitions: catalog.partitions, shared: (_name, make) => make() }),
  );
  const tails: LedgerAmount[][] = offsets.map(() => []);
  const post = (record: AccountEvent, partition: number, offset: number) => {
    const moment = { timeMicros: 0 as Micros, position: 0, offset, partition, correlationId: 0 };
    posters[partition]!.apply(record, moment, { posted: (entry) => tails[partition]!.push(...amountsOf(entry)) });
  };
  const positions = offsets.map((_, partition) => ({ log, partition, offset: cursors.get(partition) ?? 0 }));
  const reader = openLogReader(disk, { directory: join(dataDir, 'log'), from: { positions }, logs: [log] });
  const envelope = emptyEnvelope();
  try {
    while (reader?.next()) {
      if (reader.offset >= offsets[reader.partition]!) continue;
      const record = decodeRecord(reader.bytes, reader.payloadAt, reader.payloadEnd, envelope) as AccountEvent;
      post(record, reader.partition, reader.offset);
    }
  } finally {
    reader?.close();
  }
  // What the last block holds back comes out at a tick.
  const tick: Tick = { type: 'tick', symbol: 0 as SymbolId, seq: 0 as Sequence, number: 0 };
  for (const [partition, offset] of offsets.entries()) post(tick, partition, offset);
  return tails;
}

function amountsOf(entry: Entry): LedgerAmount[] {
  return entry.postings.map(({ account, ledgerAccount, asset, amount }) => ({
    partition: entry.accountPartition,
    account,
    ledgerAccount,
    asset,
    amount: BigInt(amount),
  }));
}

function balancesIn(snapshot: Uint8Array, partitions: number): RiskBalances['balances'] {
  const state = new RiskState(new AccountTable(), new OpenOrders(), partitions);
  state.restore(snapshot);
  const balances: { account: number; asset: number; available: bigint; hold: bigint }[] = [];
  for (let slot = 1; slot < state.accounts.used; slot++) {
    for (let asset = 1; state.balances.hasAsset(asset); asset++) {
      const available = BigInt(state.balances.available(slot, asset));
      const hold = BigInt(state.balances.held(slot, asset));
      if (available !== 0n || hold !== 0n)
        balances.push({ account: state.accounts.idOf(slot), asset, available, hold });
    }
  }
  return balances;
}
