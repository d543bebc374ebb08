/** What the tests of an ailing ledger share: traffic in two runs, the ways to hurt the server, and the judgement after it. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SinkBlock } from '../../pipelines/runtime/ports.ts';
import type { PostgresLedger } from '../../sinks/postgres-ledger/postgres-ledger.ts';
import { foldOf, type LedgerServer, ordered, patiently } from '../sinks/ledger-server.ts';
import { LedgerTraffic } from '../sinks/ledger-traffic.ts';
import type { PostgresProxy } from './postgres-proxy.ts';

/** Liveness: the limit within which settlement must have caught up. */
export const CAUGHT_UP_MS = 30_000;

/** What one transaction sends: begin and lock, COPY, its data, its end, cursors and COMMIT. */
export const MESSAGES = ['Q', 'Q', 'd', 'c', 'Q'];

export interface LedgerFault {
  readonly name: string;
  readonly act: (ledger: LedgerServer, connection: { cut(): void }) => unknown;
}

/** Faults of the connection alone. */
export const connectionFaults: readonly LedgerFault[] = [
  { name: 'the connection is cut', act: (_ledger, { cut }) => cut() },
  { name: 'the backend is terminated', act: terminateBackends },
];

/** Faults after which the server recovers from its write-ahead log, or starts anew. */
export const serverFaults: readonly LedgerFault[] = [
  { name: 'the backend is killed', act: killBackends },
  { name: 'the server is killed', act: (ledger) => signal(ledger, 'SIGKILL') },
  { name: 'the server is stopped fast', act: (ledger) => signal(ledger, 'SIGINT') },
  { name: 'the server is stopped at once', act: (ledger) => signal(ledger, 'SIGQUIT') },
];

/** Two runs of blocks: one before the fault, one that it hits. */
export function traffic(seed: number): { first: SinkBlock[]; second: SinkBlock[]; source: LedgerTraffic } {
  const source = new LedgerTraffic({ seed, accounts: 8, partitions: 2, ordersPerTick: 400 });
  source.runTo(800);
  const first = source.take();
  source.runTo(2_000);
  source.tick();
  return { first, second: source.take(), source };
}

export async function settleAll(sink: PostgresLedger, blocks: readonly SinkBlock[]): Promise<void> {
  const written = Promise.all(blocks.map((block) => sink.write(block)));
  const late = sleep(CAUGHT_UP_MS, 'late', { ref: false });
  assert.notEqual(await Promise.race([written, late]), 'late', 'settlement has not caught up');
}

export async function assertSettledOnce(ledger: LedgerServer, source: LedgerTraffic): Promise<void> {
  const { postings, balances } = await ledger.sums();
  assert.deepEqual(foldOf(postings), ordered(source.balances), 'every entry, and none twice');
  assert.deepEqual(foldOf(balances), ordered(source.balances));
}

/** The fault strikes at one statement of a settlement, before it reaches the server or before its answer comes back. */
export async function strike(
  ledger: LedgerServer,
  proxy: PostgresProxy,
  { act }: LedgerFault,
  atMessage: number,
  when: 'before' | 'after',
): Promise<void> {
  await ledger.fresh();
  const { first, second, source } = traffic(atMessage);
  const sink = ledger.sink({ access: proxy.access });
  await sink.positions();
  await settleAll(sink, first);
  let struck = false;
  proxy.arm({
    atMessage,
    when,
    act: async (connection) => {
      struck = true;
      await act(ledger, connection);
    },
  });
  await settleAll(sink, second);
  assert.ok(struck, `the fault at statement ${atMessage} happened`);
  await assertSettledOnce(ledger, source);
  await sink.close();
}

function terminateBackends(ledger: LedgerServer): Promise<unknown> {
  return patiently(() =>
    ledger.as('owner', (client) =>
      client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'sluice_settle'`),
    ),
  );
}

async function killBackends(ledger: LedgerServer): Promise<void> {
  const { rows } = await patiently(() =>
    ledger.as('owner', (client) =>
      client.query<{ pid: number }>(`SELECT pid FROM pg_stat_activity WHERE usename = 'sluice_settle'`),
    ),
  );
  for (const { pid } of rows) process.kill(pid, 'SIGKILL');
}

function signal(ledger: LedgerServer, name: NodeJS.Signals): void {
  const pid = ledger.server.pid();
  if (pid !== undefined) process.kill(pid, name);
}
