/**
 * Settlement into the embedded PostgreSQL, durable: the sink with its entries, guards, balances and cursor, beside the
 * plainest thing that can be called a ledger: one row an entry, one a posting and an offset, by `unnest`, a thousand
 * trades a transaction, no guard and no balance.
 */
import { readdirSync, readFileSync } from 'node:fs';
import type pg from 'pg';
import type { SinkBlock } from '../../../pipelines/runtime/ports.ts';
import { Connections } from '../../../sinks/postgres-ledger/connections.ts';
import type { EmbeddedPostgres } from '../../../sinks/postgres-ledger/embedded-postgres.ts';
import { PostgresLedger, serverLedger } from '../../../sinks/postgres-ledger/postgres-ledger.ts';
import { realClock, startLedgerServer } from '../../sinks/ledger-server.ts';
import { LedgerTraffic } from '../../sinks/ledger-traffic.ts';
import { type BenchOptions, comparedRow, measureInterleaved, medianOf, type Row, type Series } from '../bench-row.ts';

export const name = 'settle';
export const summary = 'settlement into PostgreSQL: trades a second, cost of an order, lag at 50,000 orders/s';

const ACCOUNTS = 1_024;
const PARTITIONS = 1;
/** Blocks handed over and not yet durable, as a lane keeps them. */
const BLOCKS_IN_FLIGHT = 32;
const REFERENCE_TRADES_A_TRANSACTION = 1_000;
const CLOCK_TICKS_A_SECOND = 100;

export async function rows({ quick, say }: BenchOptions): Promise<Row[]> {
  const ledger = await startLedgerServer();
  const { server } = ledger;
  const reference = new Connections(() => server.access('owner'), 'bench');
  try {
    const sink = new PostgresLedger(serverLedger(server.access), { clock: realClock, say });
    await sink.positions();
    const traffic = new LedgerTraffic({ seed: 1, accounts: ACCOUNTS, partitions: PARTITIONS, ordersPerTick: 100_000 });
    await writeAll(sink, traffic.take());
    await reference.withClient(makeReferenceTables);
    const made = [
      ...(await throughput(sink, traffic, server, reference, quick)),
      ...(await lagAt(50_000, sink, traffic, quick)),
    ];
    await sink.close();
    return made;
  } finally {
    reference.close();
    await ledger.close();
  }
}

/** As fast as it goes. */
async function throughput(
  sink: PostgresLedger,
  traffic: LedgerTraffic,
  server: EmbeddedPostgres,
  reference: Connections,
  quick: boolean,
): Promise<Row[]> {
  const repetitions = quick ? 2 : 5;
  const orders = quick ? 20_000 : 100_000;
  const serverMicros: number[] = [];
  const nodeMicros: number[] = [];
  let trades = 0;
  const measured = await measureInterleaved(repetitions, {
    sink: async () => {
      const before = traffic.trades;
      traffic.runTo(traffic.orders + orders);
      const blocks = traffic.take();
      const done = traffic.trades - before;
      const cpu = { server: serverCpuMicros(server), node: process.cpuUsage() };
      const beganMs = performance.now();
      await writeAll(sink, blocks);
      const seconds = (performance.now() - beganMs) / 1000;
      const node = process.cpuUsage(cpu.node);
      serverMicros.push((serverCpuMicros(server) - cpu.server) / orders);
      nodeMicros.push((node.user + node.system) / orders);
      return done / seconds;
    },
    reference: async () => {
      const count = quick ? 5_000 : 30_000;
      const beganMs = performance.now();
      await reference.withClient((client) => insertReference(client, trades, count));
      trades += count;
      return count / ((performance.now() - beganMs) / 1000);
    },
  });
  const note =
    `${ACCOUNTS} accounts, 0.39 trades an order, both sides of a trade in one partition; netted holds, balance trigger, ` +
    `balances and cursor in the sink, none of them in the reference; CPU an order, medians: PostgreSQL ` +
    `${medianOf(serverMicros).toFixed(2)} us, Node ${medianOf(nodeMicros).toFixed(2)} us`;
  const row = comparedRow(
    'settlement, as fast as it goes',
    'trades/s',
    measured.sink,
    { ...measured.reference, name: 'bare unnest insert' },
    repetitions,
    note,
  );
  return [row, cpuRow(serverMicros, nodeMicros)];
}

function cpuRow(serverMicros: readonly number[], nodeMicros: readonly number[]): Row {
  const both = serverMicros.map((micros, index) => micros + nodeMicros[index]!);
  return {
    name: 'settlement, CPU of PostgreSQL and Node',
    value: medianOf(both),
    unit: 'us/order',
    reference: null,
    ratio: null,
    spread: { lowest: Math.min(...both), highest: Math.max(...both), repetitions: both.length },
    note: "the prototype of the project's measured bounds took 4.3 us an order, 2.6 at its best, on the like of this machine",
  };
}

/** Open loop: blocks become due by the clock, and what is late counts from when it was due. */
async function lagAt(
  ordersPerSecond: number,
  sink: PostgresLedger,
  traffic: LedgerTraffic,
  quick: boolean,
): Promise<Row[]> {
  const seconds = quick ? 3 : 20;
  const first = traffic.records;
  const firstOrders = traffic.orders;
  traffic.runTo(firstOrders + seconds * ordersPerSecond);
  const blocks = traffic.take();
  const recordsPerMs = (traffic.records - first) / (seconds * 1000);
  const lags: number[] = [];
  const points: [number, number][] = [];
  const beganMs = performance.now();
  const writing: Promise<void>[] = [];
  let records = 0;
  for (const block of blocks) {
    const fromMs = beganMs + records / recordsPerMs;
    records += block.lastOffset - block.firstOffset + 1;
    const dueMs = beganMs + records / recordsPerMs;
    const earlyMs = dueMs - performance.now();
    if (earlyMs > 0) await new Promise((resolve) => setTimeout(resolve, earlyMs));
    const fresh = { ...block, lastTimeMicros: Date.now() * 1000 };
    writing.push(
      sink.write(fresh).then(() => {
        const nowMs = performance.now();
        // The block's first, middle and last record.
        lags.push(nowMs - fromMs, nowMs - (fromMs + dueMs) / 2, nowMs - dueMs);
        points.push([(dueMs - beganMs) / 1000, nowMs - dueMs]);
      }),
    );
  }
  await Promise.all(writing);
  lags.sort((a, b) => a - b);
  const share = (part: number) => lags[Math.min(lags.length - 1, Math.floor(lags.length * part))]!;
  const series: Series = { name: 'lag', xUnit: 's', yUnit: 'ms', points };
  return [
    {
      name: `settlement lag at ${ordersPerSecond.toLocaleString('en-US')} orders/s, p99`,
      value: share(0.99),
      unit: 'ms',
      reference: null,
      ratio: null,
      spread: { lowest: share(0), highest: share(1), repetitions: 1 },
      series: [series],
      note: `from when a record is due to when it is durable in the ledger; p50 ${share(0.5).toFixed(0)} ms; blocks of 1,024 records, one partition; no log and no matching on the same disk`,
    },
  ];
}

async function writeAll(sink: PostgresLedger, blocks: readonly SinkBlock[]): Promise<void> {
  const writing = new Set<Promise<void>>();
  for (const block of blocks) {
    const written: Promise<void> = sink.write(block).then(() => {
      writing.delete(written);
    });
    writing.add(written);
    if (writing.size >= BLOCKS_IN_FLIGHT) await Promise.race(writing);
  }
  await Promise.all(writing);
}

async function makeReferenceTables(client: pg.Client): Promise<void> {
  await client.query(`
    CREATE SCHEMA bench;
    CREATE TABLE bench.entries (id bigint PRIMARY KEY, trade bigint NOT NULL, command bigint NOT NULL, at bigint NOT NULL);
    CREATE TABLE bench.postings (entry bigint, leg smallint, account bigint NOT NULL, kind smallint NOT NULL,
      asset smallint NOT NULL, amount bigint NOT NULL, PRIMARY KEY (entry, leg));
    CREATE TABLE bench.offsets (partition int PRIMARY KEY, next bigint NOT NULL);
    INSERT INTO bench.offsets VALUES (0, 0)`);
}

/** One entry with four postings a trade. */
async function insertReference(client: pg.Client, first: number, count: number): Promise<void> {
  for (let from = first; from < first + count; from += REFERENCE_TRADES_A_TRANSACTION) {
    const ids: number[] = [];
    const postings = { entry: [] as number[], leg: [] as number[], account: [] as number[], amount: [] as number[] };
    for (let id = from; id < Math.min(from + REFERENCE_TRADES_A_TRANSACTION, first + count); id++) {
      ids.push(id);
      for (let leg = 0; leg < 4; leg++) {
        postings.entry.push(id);
        postings.leg.push(leg);
        postings.account.push(100 + ((id * 7 + leg) % ACCOUNTS));
        postings.amount.push(leg % 2 === 0 ? id + 1 : -id - 1);
      }
    }
    await client.query('BEGIN');
    await client.query('SELECT next FROM bench.offsets WHERE partition = 0 FOR UPDATE');
    await client.query({
      name: 'entries',
      text: 'INSERT INTO bench.entries SELECT id, id, id, 0 FROM unnest($1::bigint[]) AS id ON CONFLICT DO NOTHING',
      values: [ids],
    });
    await client.query({
      name: 'postings',
      text: 'INSERT INTO bench.postings SELECT e, l, a, l % 2, 1, m FROM unnest($1::bigint[], $2::smallint[], $3::bigint[], $4::bigint[]) AS p (e, l, a, m) ON CONFLICT DO NOTHING',
      values: [postings.entry, postings.leg, postings.account, postings.amount],
    });
    await client.query('UPDATE bench.offsets SET next = $1 WHERE partition = 0', [ids.at(-1)! + 1]);
    await client.query('COMMIT');
  }
}

/** User and system time of the server and all its processes, those that have ended included. 0 where /proc does not tell. */
function serverCpuMicros(server: EmbeddedPostgres): number {
  const postmaster = server.pid();
  let ticks = 0;
  try {
    for (const id of readdirSync('/proc')) {
      if (!/^\d+$/.test(id)) continue;
      let stat: string;
      try {
        stat = readFileSync(`/proc/${id}/stat`, 'utf8');
      } catch {
        continue;
      }
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      // Behind the name: state, parent ... user and system time, and those of children that have ended.
      if (Number(id) === postmaster) ticks += sum(fields.slice(11, 15));
      else if (Number(fields[1]) === postmaster) ticks += sum(fields.slice(11, 13));
    }
  } catch {
    return 0;
  }
  return (ticks / CLOCK_TICKS_A_SECOND) * 1e6;
}

function sum(texts: readonly string[]): number {
  return texts.reduce((total, text) => total + Number(text), 0);
}
