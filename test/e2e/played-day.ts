/**
 * A simulated day through the whole exchange, and then everything that should agree is made to agree: risk, ledger,
 * history and archive; and a data directory restored from the archive alone has the same states.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { main } from '../../pipelines/commands/sluice.ts';
import { loadProject } from '../../pipelines/load-project.ts';
import { readCatalog } from '../../pipelines/runtime/embedded/catalog-file.ts';
import type { EmbeddedExchange } from '../../pipelines/runtime/embedded/exchange.ts';
import { exchangeStatus } from '../../pipelines/runtime/embedded/exchange-status.ts';
import type { Head } from '../../pipelines/runtime/embedded/head.ts';
import { replayHead } from '../../pipelines/runtime/embedded/replay-head.ts';
import { openLogReader } from '../../pipelines/runtime/log/log-reader.ts';
import { nodeDisk } from '../../pipelines/runtime/outside/node-disk.ts';
import { systemClock } from '../../pipelines/runtime/outside/system-clock.ts';
import { startExchange } from '../../pipelines/start-exchange.ts';
import { recordTypeAt } from '../../schemas/codec.ts';

const CATCH_UP_DEADLINE_MS = 1_800_000;

export interface PlayedDay {
  readonly commands: number;
  readonly trades: number;
  readonly restoredCommands: number;
}

export async function playDayAndCompare(ordersPerSecond: number, tell: (line: string) => void): Promise<PlayedDay> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-day-'));
  const dataDir = join(folder, 'data');
  const restoredDir = join(folder, 'restored');
  try {
    const project = await loadProject();
    const started = await startExchange({
      project: { ...project, config: { ...project.config, simulator: { seed: 7, accounts: 40, ordersPerSecond: 1 } } },
      dataDir,
      disk: nodeDisk(),
      clock: systemClock(),
      firstDayOrdersPerSecond: ordersPerSecond,
      say: tell,
      fail: (error) => {
        throw error;
      },
    });
    const { exchange } = started;
    await caughtUp(exchange);
    tell('every lane has caught up');
    await agree(['ledger', 'reconcile', '--data', dataDir]);
    await agree(['ledger', 'balances', '--data', dataDir]);
    const history = await agree([
      'sql',
      '--data',
      dataDir,
      '--csv',
      'select count(), uniqExact(symbol, trade_id) from trades',
    ]);
    const [rows, distinct] = history.trim().split('\n').at(-1)!.split(',').map(Number) as [number, number];
    assert.equal(rows, distinct, 'history repeats a trade');
    await started.stop();
    const logged = countLog(dataDir);
    // What came after the count of history is the live market of the seconds until the stop.
    assert.ok(
      rows <= logged.trades && rows >= logged.trades - 500,
      `${rows} trades in history, ${logged.trades} in the log`,
    );
    await agree(['archive', 'verify', '--data', dataDir]);
    await agree(['archive', 'restore', '--from', join(dataDir, 'archive'), '--data', restoredDir]);
    const restored = replayed(restoredDir, project);
    const original = replayed(dataDir, project, restored.head);
    assert.deepEqual(hashesOf(restored.head), hashesOf(original.head));
    return { commands: logged.commands, trades: logged.trades, restoredCommands: restored.commands };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function caughtUp(exchange: EmbeddedExchange): Promise<void> {
  const until = performance.now() + CATCH_UP_DEADLINE_MS;
  for (;;) {
    const behind = exchangeStatus(exchange).lanes.filter(({ blocks, lagRecords, sink }) => {
      // The archive closes a segment a minute: what is open is not behind.
      return blocks === 0 || lagRecords > (sink === 'archive' ? 20_000 : 500);
    });
    if (behind.length === 0) return;
    assert.ok(
      performance.now() < until,
      `lanes are behind: ${JSON.stringify(behind.map(({ sink, lagRecords }) => ({ sink, lagRecords })))}`,
    );
    await sleep(500);
  }
}

function countLog(dataDir: string): { commands: number; trades: number } {
  const reader = openLogReader(nodeDisk(), { directory: join(dataDir, 'log') })!;
  let commands = 0;
  let trades = 0;
  while (reader.next()) {
    const type = recordTypeAt(reader.bytes, reader.payloadAt, reader.payloadEnd);
    if (type === 'trade') trades++;
    if (type === 'place' || type === 'cancel' || type === 'amend') commands++;
  }
  reader.close();
  return { commands, trades };
}

/** The head at the end of a log, or where another head stands. */
function replayed(dataDir: string, { graph }: Awaited<ReturnType<typeof loadProject>>, like?: Head) {
  const disk = nodeDisk();
  const catalog = readCatalog(disk, dataDir);
  const { head, replayed: result } = replayHead(graph, catalog, disk, join(dataDir, 'log'), undefined, like?.commands);
  return { head, commands: result.commands };
}

function hashesOf(head: Head): string[] {
  return head.inboxes.flatMap(({ instances }) =>
    instances.map(({ stage, partition, operator }) => `${stage}/${partition} ${operator.stateHash()}`),
  );
}

async function agree(args: readonly string[]): Promise<string> {
  const lines: string[] = [];
  const take = (line: string) => lines.push(line);
  const code = await main(args, { out: take, err: take, terminal: false, signal: new AbortController().signal });
  assert.equal(code, 0, `sluice ${args.join(' ')}:\n${lines.slice(-30).join('\n')}`);
  return lines.join('\n');
}
